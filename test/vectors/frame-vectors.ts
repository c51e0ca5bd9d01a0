import { encodeCanonical, toHex } from '#protocol/encoding'
import type { Value } from '#protocol/encoding'
import { foundCoop } from '#protocol/coop'
import { History } from '#protocol/history'
import { BUCKET_COUNT, Heads } from '#protocol/replica'
import type { HeadRow } from '#protocol/replica'
import { PullShare, SYNC_VERSION, SyncSession, encodeFrame, prefixFrame } from '#protocol/sync'
import type { Frame, FrameRefusal } from '#protocol/sync'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { filled, tagged } from './vector-form.ts'
import type { Hex, Vector, VectorFile } from './vector-form.ts'

const crypto = nodeCrypto()
const hello = {
  kind: 'hello',
  version: SYNC_VERSION,
  coop: filled(1),
  authority: filled(2),
  root: filled(3),
  key: filled(4, 16),
  forks: filled(8),
} as const
const row = { device: filled(5), length: 9, id: filled(6) }

const VALID: [string, Frame][] = [
  ['HELLO', hello],
  ['digests of all 256 buckets', { kind: 'digests', round: 1, digests: filled(7, BUCKET_COUNT * 4) }],
  ['news: rows of round 0', { kind: 'rows', round: 0, rows: [row], isLast: true }],
  ['an answer without rows', { kind: 'rows', round: 3, rows: [], isLast: true }],
  ['the longest chain', { kind: 'rows', round: 3, rows: [{ ...row, length: 2 ** 32 }], isLast: false }],
  [
    'a request for the authority document',
    {
      ...{ kind: 'want', request: 1, isUrgentOnly: true, limit: 16_384 },
      wants: [{ device: filled(5), to: filled(6), have: [] }],
    },
  ],
  [
    'a request for two branches of one device, of which two commits are known',
    {
      ...{ kind: 'want', request: 3, isUrgentOnly: false, limit: 2_000 },
      wants: [
        { device: filled(5), to: filled(6), have: [filled(8), filled(7)] },
        { device: filled(5), to: filled(9), have: [filled(8), filled(7)] },
      ],
    },
  ],
  ['a request for nothing', { kind: 'want', request: 2, isUrgentOnly: false, limit: 1, wants: [] }],
  [
    'commits (the records are not looked into)',
    { kind: 'commits', request: 1, records: [filled(8, 3), filled(9, 30)] },
  ],
  ['the end of an answer', { kind: 'done', request: 1, isMore: false }],
  ['the end of an answer that its limit cut short', { kind: 'done', request: 1, isMore: true }],
  ['a root', { kind: 'root', root: filled(3) }],
  [
    'tags of a bucket without rows and of one with two',
    {
      ...{ kind: 'brief', round: 1 },
      buckets: [
        { bucket: 0, tags: filled(0, 0) },
        { bucket: 255, tags: filled(7, 12) },
      ],
    },
  ],
  [
    'rows of a bucket without any and of one with one',
    {
      ...{ kind: 'brief', round: 1 },
      buckets: [
        { bucket: 0, rows: [] },
        { bucket: 5, rows: [row] },
      ],
    },
  ],
  ['a brief of equal buckets alone', { kind: 'brief', round: 2, buckets: [] }],
  ['two rows asked for', { kind: 'ask', round: 1, tags: filled(7, 12) }],
  ['a batch confirmed', { kind: 'more', request: 1 }],
  ['nothing is declined any more, or more payloads are here', { kind: 'decline', documents: [] }],
  ['two documents declined', { kind: 'decline', documents: ['board/menu', 'board/today'] }],
  [
    'two payloads asked for',
    { kind: 'fetch', request: 1, document: 'board/menu', ids: [filled(6), filled(5)] },
  ],
  [
    'one payload, one that is not here, and an empty one',
    { kind: 'payloads', request: 1, payloads: [filled(8, 3), null, filled(0, 0)] },
  ],
]

/** docs/protocol/sync.md */
export function frameVectors(): VectorFile {
  return {
    about: [
      'frames: value is the canonical list that the bytes stand for. invalid: the first refusal that applies.',
      'streams: bytes of a stream and the frames in it; invalidStreams: refused as soon as the prefix is read.',
      'heads: rows of devices and branches -> digest of each bucket that is not empty -> root. digestKeys: both',
      'session keys -> key -> key of a round -> the digest of a bucket in a digests frame, the tag of a row in a brief.',
    ],
    frames: VALID.map(([name, frame]) => {
      return { name, kind: frame.kind, hex: toHex(encodeFrame(frame)), value: tagged(fieldsOf(frame)) }
    }),
    otherHellos: [
      {
        ...{ name: 'an earlier version said less', version: 2 },
        hex: hex([0, 2, ...helloRest().slice(0, -1)]),
      },
      {
        ...{ name: 'a later version may say more', version: SYNC_VERSION + 1 },
        hex: hex([0, SYNC_VERSION + 1, ...helloRest(), 'more']),
      },
    ],
    invalid: invalidFrames(),
    streams: [
      {
        name: 'two frames',
        stream: toHex(prefixFrame(filled(1, 2))) + toHex(prefixFrame(filled(2, 3))),
        frames: ['0101', '020202'],
      },
      { name: 'a frame that is not whole yet', stream: '0000000501', frames: [] },
    ],
    invalidStreams: [
      { name: 'a length of 0', stream: '00000000', refusal: 'frame-empty' },
      { name: 'a length of 1 MiB and 1', stream: '00100001', refusal: 'frame-too-long' },
    ],
    heads: [headsVector()],
    digestKeys: [digestVector()],
  }
}

function helloRest(): Value[] {
  return [hello.coop, hello.authority, hello.root, hello.key, hello.forks]
}

function invalidFrames(): Vector[] {
  const want = (...list: Value[]): Value => [3, 1, false, 9, list]
  const brief = (...list: Value[]): Value => [7, 1, list]
  const ids = (count: number): Value => Array.from({ length: count }, (_, i) => filled(i))
  const rows = (...list: Value[]): Value => [2, 1, list, true]
  const cases: [string, Hex, FrameRefusal][] = [
    ['1 MiB and 1 byte', [{ hex: '00', times: 1_048_577 }], 'frame-too-long'],
    ['nothing', '', 'frame-encoding'],
    ['no list', 'a0', 'frame-encoding'],
    ['a number in two bytes that one holds', '821805f5', 'frame-encoding'],
    ['an empty list', '80', 'frame-kind'],
    ['kind 13', hex([13]), 'frame-kind'],
    ['a text as kind', hex(['root', filled(1)]), 'frame-kind'],
    [
      'a HELLO of this version with one field more',
      hex([0, SYNC_VERSION, ...helloRest(), 'more']),
      'frame-shape',
    ],
    [
      'a HELLO with a key of 15 bytes',
      hex([0, SYNC_VERSION, ...helloRest().with(3, filled(1, 15))]),
      'frame-shape',
    ],
    ['digests of 255 buckets', hex([1, 1, filled(7, 255 * 4)]), 'frame-shape'],
    ['a row of a chain without commits', hex(rows([filled(5), 0, filled(6)])), 'frame-shape'],
    ['a row with a short id', hex(rows([filled(5), 1, filled(6, 31)])), 'frame-shape'],
    ['no rows, and more to come', hex([2, 1, [], false]), 'frame-shape'],
    [
      '8,193 rows',
      [
        { hex: '840201992001', times: 1 },
        { hex: 'f6', times: 8_193 },
        { hex: 'f5', times: 1 },
      ],
      'frame-limit',
    ],
    ['a range without known ids', hex(want([filled(5), filled(6)])), 'frame-shape'],
    ['a range to a number', hex(want([filled(5), 9, []])), 'frame-shape'],
    ['a known id of 31 bytes', hex(want([filled(5), filled(6), [filled(7, 31)]])), 'frame-shape'],
    [
      'two ranges to one end',
      hex(want([filled(5), filled(6), []], [filled(5), filled(6), [filled(7)]])),
      'frame-shape',
    ],
    ['a request for at most 0 commits', hex([3, 1, false, 0, []]), 'frame-shape'],
    ['161 known ids', hex(want([filled(5), filled(6), ids(161)])), 'frame-limit'],
    [
      '8,193 ranges',
      [
        { hex: '850301f409992001', times: 1 },
        { hex: 'f6', times: 8_193 },
      ],
      'frame-limit',
    ],
    ['no commits', hex([4, 1, []]), 'frame-shape'],
    [
      '2,001 commits',
      [
        { hex: '8304019907d1', times: 1 },
        { hex: '40', times: 2_001 },
      ],
      'frame-limit',
    ],
    ['a commit that is no bytes', hex([4, 1, ['x']]), 'frame-shape'],
    ['a negative request', hex([5, -1, false]), 'frame-shape'],
    ['an end without saying whether there is more', hex([5, 1]), 'frame-shape'],
    ['a brief of bucket 256', hex(brief([256, filled(7, 6)])), 'frame-shape'],
    ['a brief with a bucket twice', hex(brief([1, filled(7, 6)], [1, filled(8, 6)])), 'frame-shape'],
    ['a brief with falling buckets', hex(brief([2, filled(7, 6)], [1, filled(8, 6)])), 'frame-shape'],
    ['a tag of five bytes in a brief', hex(brief([1, filled(7, 5)])), 'frame-shape'],
    ['tags in a list', hex(brief([1, [filled(7, 6)]])), 'frame-shape'],
    ['a row in the brief of another bucket', hex(brief([6, [[filled(5), 1, filled(6)]]])), 'frame-shape'],
    [
      '37 rows in a brief',
      hex(brief([5, Array.from({ length: 37 }, (_, i) => [filled(5), 1, filled(i)])])),
      'frame-limit',
    ],
    [
      '65,537 tags in a brief',
      [
        { hex: '8307018182015a00060006', times: 1 },
        { hex: '00', times: 393_222 },
      ],
      'frame-limit',
    ],
    ['a tag of seven bytes asked for', hex([8, 1, filled(7, 7)]), 'frame-shape'],
    ['tags asked for without a round', hex([8, filled(7, 6)]), 'frame-shape'],
    [
      '65,537 tags asked for',
      [
        { hex: '8308015a00060006', times: 1 },
        { hex: '00', times: 393_222 },
      ],
      'frame-limit',
    ],
    ['a confirmation without a request', hex([9]), 'frame-shape'],
    ['a confirmation with a round as well', hex([9, 1, 1]), 'frame-shape'],
    ['a root of 31 bytes', hex([6, filled(3, 31)]), 'frame-shape'],
    ['a declined document with another name', hex([10, ['Board/menu']]), 'frame-shape'],
    ['a document declined twice', hex([10, ['board/a', 'board/a']]), 'frame-shape'],
    ['declined documents out of order', hex([10, ['board/b', 'board/a']]), 'frame-shape'],
    ['65 declined documents', hex([10, Array.from({ length: 65 }, (_, i) => `board/${i}`)]), 'frame-limit'],
    ['no payload asked for', hex([11, 1, 'board/a', []]), 'frame-shape'],
    ['a payload asked for twice', hex([11, 1, 'board/a', [filled(5), filled(5)]]), 'frame-shape'],
    ['a payload asked for by 31 bytes', hex([11, 1, 'board/a', [filled(5, 31)]]), 'frame-shape'],
    ['a payload of no document asked for', hex([11, 1, 'board/A', [filled(5)]]), 'frame-shape'],
    ['257 payloads asked for', hex([11, 1, 'board/a', ids(257)]), 'frame-limit'],
    ['an answer without payloads', hex([12, 1, []]), 'frame-shape'],
    ['a payload that is a text', hex([12, 1, ['x']]), 'frame-shape'],
    ['257 payloads', hex([12, 1, Array.from({ length: 257 }, () => null)]), 'frame-limit'],
    [
      'a payload of 262,145 bytes',
      [
        { hex: '830c01815a00040001', times: 1 },
        { hex: '00', times: 262_145 },
      ],
      'frame-limit',
    ],
  ]
  return cases.map(([name, bytes, refusal]) => ({ name, hex: bytes, refusal }))
}

function hex(value: Value): string {
  return toHex(encodeCanonical(value))
}

function fieldsOf(frame: Frame): Value {
  switch (frame.kind) {
    case 'hello':
      return [0, frame.version, frame.coop, frame.authority, frame.root, frame.key, frame.forks]
    case 'digests':
      return [1, frame.round, frame.digests]
    case 'rows':
      return [2, frame.round, rowList(frame.rows), frame.isLast]
    case 'want':
      return [
        ...[3, frame.request, frame.isUrgentOnly, frame.limit],
        frame.wants.map((it) => [it.device, it.to, it.have]),
      ]
    case 'commits':
      return [4, frame.request, frame.records]
    case 'done':
      return [5, frame.request, frame.isMore]
    case 'root':
      return [6, frame.root]
    case 'brief':
      return [
        ...[7, frame.round],
        frame.buckets.map((it) => [it.bucket, 'tags' in it ? it.tags : rowList(it.rows)]),
      ]
    case 'ask':
      return [8, frame.round, frame.tags]
    case 'more':
      return [9, frame.request]
    case 'decline':
      return [10, frame.documents]
    case 'fetch':
      return [11, frame.request, frame.document, frame.ids]
    case 'payloads':
      return [12, frame.request, frame.payloads]
  }
}

function rowList(rows: readonly HeadRow[]): Value {
  return rows.map((it) => [it.device, it.length, it.id])
}

function headsVector(): Vector {
  const history = new History(0)
  const heads = new Heads(crypto.sha256, { history, endsOf: (device) => history.endsOf(device) })
  const devices = [Uint8Array.of(1, ...filled(0, 31)), Uint8Array.of(1, ...filled(9, 31)), filled(255)]
  const rows: { device: string; length: number; id: string }[] = []
  for (const [i, device] of devices.entries()) {
    let prev = -1
    for (let seq = 0; seq <= i; seq += 1)
      prev = history.add({ device, seq, id: filled(10 * i + seq), prev, seen: [] })
    rows.push({ device: toHex(device), length: i + 1, id: toHex(filled(11 * i)) })
    heads.add(i)
    heads.touch(i)
  }
  // The last device forked after its first commit: another second commit, whose id is lower, so its row comes first.
  const [device] = devices.slice(-1)
  if (device !== undefined) {
    history.add({ device, seq: 1, id: filled(5), prev: history.find(filled(20)), seen: [] })
    rows.splice(2, 0, { device: toHex(device), length: 2, id: toHex(filled(5)) })
    heads.touch(2)
  }
  const buckets = [1, 255].map((bucket) => ({ bucket, digest: toHex(heads.digest(bucket)) }))
  const root = toHex(heads.root())
  return {
    name: 'three devices in two buckets, one with two branches; an empty bucket is 32 zero bytes',
    ...{ rows, buckets, root },
  }
}

/** What a session sends for a co-op whose devices all fall into one bucket, so many that their rows are tagged. */
function digestVector(): Vector {
  const seeds = { kit: filled(1), device: filled(2) }
  const [kit, device] = [nodeSigner(seeds.kit), nodeSigner(seeds.device)]
  const names = { name: 'North Market', memberName: 'Ada', deviceName: 'nas' }
  const founded = foundCoop({ ...names, kit, device, nonce: filled(3, 16), nowMs: 0 }, crypto)
  if (!founded.ok) throw new Error(founded.refusal)
  const { replica, coop } = founded
  const bucket = device.publicKey[0] ?? 0
  for (let i = 0; i < 36; i += 1) {
    const links = { device: Uint8Array.of(bucket, ...filled(i, 31)), seq: 0, prev: -1, seen: [] }
    replica.restore({ ...links, id: filled(100 + i), isSigned: true, documents: [] })
  }
  const [own, theirs] = [filled(2, 16), filled(4, 16)]
  const session = new SyncSession({ replica, sha256: crypto.sha256, key: own, share: new PullShare() })
  const say = (frame: Frame): string => {
    const out = session.handle({ kind: 'frame', bytes: encodeFrame(frame) }, 0)
    return toHex(out.find((it) => it.kind === 'send')?.bytes.subarray(4) ?? filled(0, 0))
  }
  session.handle({ kind: 'open' }, 0)
  const frame = say({ ...hello, coop, key: theirs })
  const brief = say({ kind: 'digests', round: 5, digests: filled(0, BUCKET_COUNT * 4) })
  const rows = replica.heads.rows(bucket)
  return {
    name: 'the smaller session key goes first; round 1 was opened by this side, round 5 by the peer',
    seeds: { kit: toHex(seeds.kit), device: toHex(seeds.device) },
    founding: { ...names, nonce: toHex(filled(3, 16)), timeMs: 0 },
    keys: [toHex(own), toHex(theirs)],
    coop: toHex(coop),
    root: toHex(replica.heads.root()),
    bucket,
    bucketDigest: toHex(replica.heads.digest(bucket)),
    frame,
    rows: rows.map((row) => ({ device: toHex(row.device), length: row.length, id: toHex(row.id) })),
    brief,
  }
}
