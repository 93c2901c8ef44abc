import { type AuditAnchor, auditAnchorSchema, type Naming } from '@tallystream/contracts';
import { CommitConflict, type JetStreamConnection, messagesAfter, publish } from '@tallystream/jetstream';

/**
 * Writes the anchor of a day, unless there is one: of two that write, one does.
 * @returns whether it was this one
 * @throws NatsUnavailable
 */
export const writeAnchor = async (
  connection: JetStreamConnection,
  naming: Naming,
  anchor: AuditAnchor,
): Promise<boolean> => {
  try {
    await publish(connection, {
      subject: naming.anchorSubject(anchor.time.slice(0, 10)),
      headers: { 'content-type': 'application/json' },
      data: Buffer.from(JSON.stringify(anchor)),
      expectedSubjectSeq: 0,
    });
    return true;
  } catch (error) {
    if (error instanceof CommitConflict) return false;
    throw error;
  }
};

const PAGE = 500;

/** All anchors, the oldest first: one a day. @throws NatsUnavailable */
export const readAnchors = async (
  connection: JetStreamConnection,
  naming: Naming,
): Promise<readonly AuditAnchor[]> => {
  const anchors: AuditAnchor[] = [];
  for (let after = 0; ; ) {
    const page = await messagesAfter(
      connection,
      naming.stream('AUDIT_ANCHORS'),
      naming.subject('audit.anchor.>'),
      { after, max: PAGE },
    );
    for (const { data } of page)
      anchors.push(auditAnchorSchema.parse(JSON.parse(Buffer.from(data).toString('utf8'))));
    const last = page.at(-1);
    if (!last || page.length < PAGE) return anchors;
    after = last.seq;
  }
};
