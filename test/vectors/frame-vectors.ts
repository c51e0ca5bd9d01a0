import { encodeCanonical, toHex } from '#protocol/encoding'
import type { Value } from '#protocol/encoding'
import { foundCoop } from '#protocol/coop'
import { BUCKET_COUNT, Chain, Heads } from '#protocol/replica'
import { SYNC_VERSION, SyncSession, encodeFrame, prefixFrame } from '#protocol/sync'
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
} as const
const row = { device: filled(5), length: 9, id: filled(6) }

const VALID: [string, Frame][] = [
  ['HELLO', hello],
  ['digests of all 256 buckets', { kind: 'digests', round: 1, digests: filled(7, BUCKET_COUNT * 8) }],
  ['news: rows of round 0', { kind: 'rows', round: 0, rows: [row], isLast: true }],
  ['an answer without rows', { kind: 'rows', round: 3, rows: [], isLast: true }],
  ['the longest chain', { kind: 'rows', round: 3, rows: [{ ...row, length: 2 ** 32 }], isLast: false }],
  [
    'a request for the authority document',
    { kind: 'want', request: 1, isAuthorityOnly: true, wants: [{ device: filled(5), from: 0, to: 9 }] },
  ],
  ['a request for nothing', { kind: 'want', request: 2, isAuthorityOnly: false, wants: [] }],
  [
    'commits (the records are not looked into)',
    { kind: 'commits', request: 1, records: [filled(8, 3), filled(9, 30)] },
  ],
  ['the end of an answer', { kind: 'done', request: 1 }],
  ['a root', { kind: 'root', root: filled(3) }],
]

/** docs/protocol/sync.md */
export function frameVectors(): VectorFile {
  return {
    about: [
      'frames: value is the canonical list that the bytes stand for. invalid: the first refusal that applies.',
      'streams: bytes of a stream and the frames in it; invalidStreams: refused as soon as the prefix is read.',
      'heads: rows of chains -> digest of each bucket that is not empty -> root. digestKeys: both session keys ->',
      'key of the digests -> the digest of a bucket as it goes into a digests frame.',
    ],
    frames: VALID.map(([name, frame]) => {
      return { name, kind: frame.kind, hex: toHex(encodeFrame(frame)), value: tagged(fieldsOf(frame)) }
    }),
    laterHello: [
      { name: 'a later version may say more', hex: hex([0, SYNC_VERSION + 1, ...helloRest(), 'more']) },
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
  return [hello.coop, hello.authority, hello.root, hello.key]
}

function invalidFrames(): Vector[] {
  const want = (...list: Value[]): Value => [3, 1, false, list]
  const rows = (...list: Value[]): Value => [2, 1, list, true]
  const cases: [string, Hex, FrameRefusal][] = [
    ['1 MiB and 1 byte', [{ hex: '00', times: 1_048_577 }], 'frame-too-long'],
    ['nothing', '', 'frame-encoding'],
    ['no list', 'a0', 'frame-encoding'],
    ['a number in two bytes that one holds', '821805f5', 'frame-encoding'],
    ['an empty list', '80', 'frame-kind'],
    ['kind 7', hex([7]), 'frame-kind'],
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
    ['digests of 255 buckets', hex([1, 1, filled(7, 255 * 8)]), 'frame-shape'],
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
    ['an empty range', hex(want([filled(5), 3, 3])), 'frame-shape'],
    ['a range that ends beyond 2^32', hex(want([filled(5), 0, 2 ** 32 + 1])), 'frame-shape'],
    ['two ranges of one device', hex(want([filled(5), 0, 1], [filled(5), 4, 5])), 'frame-shape'],
    [
      '8,193 ranges',
      [
        { hex: '840301f4992001', times: 1 },
        { hex: 'f6', times: 8_193 },
      ],
      'frame-limit',
    ],
    ['no commits', hex([4, 1, []]), 'frame-shape'],
    [
      '1,001 commits',
      [
        { hex: '8304019903e9', times: 1 },
        { hex: '40', times: 1_001 },
      ],
      'frame-limit',
    ],
    ['a commit that is no bytes', hex([4, 1, ['x']]), 'frame-shape'],
    ['a negative request', hex([5, -1]), 'frame-shape'],
    ['a root of 31 bytes', hex([6, filled(3, 31)]), 'frame-shape'],
  ]
  return cases.map(([name, bytes, refusal]) => ({ name, hex: bytes, refusal }))
}

function hex(value: Value): string {
  return toHex(encodeCanonical(value))
}

function fieldsOf(frame: Frame): Value {
  switch (frame.kind) {
    case 'hello':
      return [0, frame.version, frame.coop, frame.authority, frame.root, frame.key]
    case 'digests':
      return [1, frame.round, frame.digests]
    case 'rows':
      return [2, frame.round, frame.rows.map((it) => [it.device, it.length, it.id]), frame.isLast]
    case 'want':
      return [3, frame.request, frame.isAuthorityOnly, frame.wants.map((it) => [it.device, it.from, it.to])]
    case 'commits':
      return [4, frame.request, frame.records]
    case 'done':
      return [5, frame.request]
    case 'root':
      return [6, frame.root]
  }
}

function headsVector(): Vector {
  const heads = new Heads(crypto.sha256)
  const devices = [Uint8Array.of(1, ...filled(0, 31)), Uint8Array.of(1, ...filled(9, 31)), filled(255)]
  const rows = devices.map((device, i) => {
    const chain = new Chain(i, device)
    heads.add(chain)
    for (let seq = 0; seq <= i; seq += 1) chain.ids.push(filled(10 * i + seq))
    heads.touch(chain)
    return { device: toHex(device), length: i + 1, id: toHex(filled(11 * i)) }
  })
  const buckets = [1, 255].map((bucket) => ({ bucket, digest: toHex(heads.digest(bucket)) }))
  const root = toHex(heads.root())
  return { name: 'three chains in two buckets; an empty bucket is 32 zero bytes', rows, buckets, root }
}

/** What a session sends for a co-op of one commit, whose device falls into one bucket. */
function digestVector(): Vector {
  const seeds = { kit: filled(1), device: filled(2) }
  const [kit, device] = [nodeSigner(seeds.kit), nodeSigner(seeds.device)]
  const names = { name: 'North Market', memberName: 'Ada', deviceName: 'nas' }
  const founded = foundCoop({ ...names, kit, device, nonce: filled(3, 16), nowMs: 0 }, crypto)
  if (!founded.ok) throw new Error(founded.refusal)
  const { replica, coop } = founded
  const [own, theirs] = [filled(8, 16), filled(4, 16)]
  const session = new SyncSession({ replica, sha256: crypto.sha256, key: own })
  session.handle({ kind: 'open' }, 0)
  const bytes = encodeFrame({ ...hello, coop, key: theirs })
  const sent = session.handle({ kind: 'frame', bytes }, 0).find((it) => it.kind === 'send')
  const bucket = device.publicKey[0] ?? 0
  return {
    name: 'the smaller session key goes first',
    seeds: { kit: toHex(seeds.kit), device: toHex(seeds.device) },
    founding: { ...names, nonce: toHex(filled(3, 16)), timeMs: 0 },
    keys: [toHex(own), toHex(theirs)],
    coop: toHex(coop),
    root: toHex(replica.heads.root()),
    bucket,
    bucketDigest: toHex(replica.heads.digest(bucket)),
    frame: toHex(sent?.bytes.subarray(4) ?? filled(0)),
  }
}
