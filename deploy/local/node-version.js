// @ts-check

const oldest = [20, 19];

/** Ends the script with one line on a Node that cannot run us. */
function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldest;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  process.stderr.write(
    `Tallystream needs Node ${oldest.join('.')} or later; this is ${process.versions.node}\n`,
  );
  process.exit(1);
}

module.exports = { requireNode };
