import { DiscardPolicy, RetentionPolicy, StorageType, StoreCompression } from 'nats';
import { inWords, type StreamSettings, streamChanges } from './stream-changes';

const HOUR = 3_600_000_000_000;

describe('what of a stream is not as it should be', () => {
  it.each<{ what: string; is: StreamSettings; wanted: StreamSettings }>([
    { what: 'the same', is: { max_age: HOUR, deny_delete: true }, wanted: { max_age: HOUR } },
    {
      what: 'what the server leaves out when it is false',
      is: {},
      wanted: { deny_delete: false, allow_atomic: false },
    },
    { what: 'what the code does not name', is: { num_replicas: 3, max_bytes: 5 }, wanted: {} },
  ])('given $what: nothing', ({ is, wanted }) => {
    expect(streamChanges(is, wanted)).toEqual([]);
  });

  it.each<{ what: string; is: StreamSettings; wanted: StreamSettings; isSafe: boolean }>([
    { what: 'an age limit that goes', is: { max_age: HOUR }, wanted: { max_age: 0 }, isSafe: true },
    { what: 'an age limit that grows', is: { max_age: HOUR }, wanted: { max_age: 2 * HOUR }, isSafe: true },
    { what: 'an age limit that falls', is: { max_age: 2 * HOUR }, wanted: { max_age: HOUR }, isSafe: false },
    { what: 'an age limit that comes', is: { max_age: 0 }, wanted: { max_age: HOUR }, isSafe: false },
    { what: 'a count limit that goes', is: { max_msgs: 10 }, wanted: { max_msgs: -1 }, isSafe: true },
    {
      what: 'fewer messages of a subject',
      is: { max_msgs_per_subject: 64 },
      wanted: { max_msgs_per_subject: 1 },
      isSafe: false,
    },
    { what: 'one subject more', is: { subjects: ['a'] }, wanted: { subjects: ['a', 'b'] }, isSafe: true },
    { what: 'another subject', is: { subjects: ['a'] }, wanted: { subjects: ['b'] }, isSafe: false },
    {
      what: 'another way to forget',
      is: { retention: RetentionPolicy.Limits },
      wanted: { retention: RetentionPolicy.Workqueue },
      isSafe: false,
    },
    {
      what: 'another place',
      is: { storage: StorageType.Memory },
      wanted: { storage: StorageType.File },
      isSafe: false,
    },
    {
      what: 'new messages refused instead of old ones dropped',
      is: { discard: DiscardPolicy.Old },
      wanted: { discard: DiscardPolicy.New },
      isSafe: true,
    },
    {
      what: 'old messages dropped instead of new ones refused',
      is: { discard: DiscardPolicy.New },
      wanted: { discard: DiscardPolicy.Old },
      isSafe: false,
    },
    { what: 'deletion that is denied', is: {}, wanted: { deny_delete: true }, isSafe: true },
    { what: 'atomic batches', is: {}, wanted: { allow_atomic: true }, isSafe: true },
    {
      what: 'compression',
      is: { compression: StoreCompression.None },
      wanted: { compression: StoreCompression.S2 },
      isSafe: true,
    },
    { what: 'a setting nobody judged', is: {}, wanted: { no_ack: true }, isSafe: false },
  ])('given $what: safe is $isSafe', ({ is, wanted, isSafe }) => {
    const [setting] = Object.keys(wanted);
    expect(streamChanges(is, wanted)).toEqual([
      {
        setting,
        is: is[setting as 'max_age'],
        wanted: wanted[setting as 'max_age'],
        isSafe,
      },
    ]);
  });

  it('is said in words', () => {
    const changes = streamChanges({ max_age: HOUR }, { max_age: 0, allow_direct: true });
    expect(changes.map(inWords)).toEqual([
      'max_age is 3600000000000, wanted 0',
      'allow_direct is null, wanted true',
    ]);
  });
});
