import { randomBytes } from 'node:crypto'
import type { Connection } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as Y from 'yjs'
import { BoardState, FIELDS, encodeBoardPayload } from '#protocol/board'
import { commitMessage, encodeHeader, encodeRecord } from '#protocol/commit'
import type { CommitRecord, Section } from '#protocol/commit'
import { encodeCanonical } from '#protocol/encoding'
import { FORK_PROOF_BYTES_MAX, checkForkProof, encodeForkProof } from '#protocol/evidence'
import type { ProofSide } from '#protocol/evidence'
import { FRAME_BYTES_MAX, encodeFrame, prefixFrame } from '#protocol/sync'
import { nodeSigner } from '#node/crypto'
import { ASSET_PROTOCOL } from '#node/assets'
import {
  FramedStream,
  JOIN_PROTOCOL,
  PROOF_PROTOCOL,
  STRANGER_BYTES_MAX,
  STRANGER_TIMEOUT_MS,
  SYNC_PROTOCOL,
  VISITS_PER_DEVICE_MAX,
} from '#node/mesh'
import { listSection } from '../actors/coop-actors.ts'
import { HostileMember } from '../actors/hostile-member.ts'
import type { NodeProcess } from '../actors/node-process.ts'
import { RawPeer } from '../actors/raw-peer.ts'
import { until } from '../actors/until.ts'
import { Workbench } from '../actors/workbench.ts'

let bench: Workbench
let nas: NodeProcess
/** Breaks the frames; its chain stays empty. */
let rude: HostileMember
/** May write and delete what it likes on boards. */
let member: HostileMember
/** May take away only what it wrote itself. */
let archive: HostileMember

const BOARDS = ['foreign', 'gap', 'gc', 'erase', 'garbage', 'session', 'twice', 'good']

beforeAll(async () => {
  bench = await Workbench.open()
  nas = await bench.found('nas')
  for (const board of BOARDS) await nas.set(board, 'owner', 'nas')
  rude = await HostileMember.admit(nas, 'member', 'rude')
  member = await HostileMember.admit(nas, 'member', 'member')
  archive = await HostileMember.admit(nas, 'archive', 'archive')
})
afterAll(async () => {
  await Promise.all([rude, member, archive].map((it) => it?.close()))
  await bench.close()
})

/** Reads until the other side ends the stream. */
async function untilEnded(stream: FramedStream): Promise<void> {
  await until('the stream is ended', async () => {
    for (;;) {
      const frame = await stream.next(10_000).catch(() => null)
      if (frame === null) return stream.hasEnded
    }
  })
}

/** A commit record whose header says what the author's does, with another signature. */
function withSignature(record: CommitRecord, signature: Uint8Array): CommitRecord {
  return { ...record, signature, bytes: encodeRecord(record.headerBytes, signature, record.payloads) }
}

/** What the node says of one board. */
async function boardOf(
  name: string,
): Promise<{ stateHash: string | null; commits: number; refused: number }> {
  const document = (await nas.status()).documents[`board/${name}`]
  if (document === undefined) throw new Error(`no board ${name}`)
  return document
}

function section(board: string, update: Uint8Array, session = 0): Section {
  return { document: `board/${board}`, entries: 1, payload: encodeBoardPayload({ session, update }) }
}

/** The hostile device's own copy of a board, with the clientID that is its own. */
function copyOf(author: HostileMember, board: string): { doc: Y.Doc; state: BoardState } {
  const state = author.replica.openDocument(`board/${board}`)
  if (!(state instanceof BoardState)) throw new Error('not a board')
  const doc = new Y.Doc()
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(state.doc))
  doc.clientID = state.writerOf(author.replica.standing?.admission ?? '', 0)
  return { doc, state }
}

/** The update of one change. */
function updateOf(doc: Y.Doc, change: (doc: Y.Doc) => void): Uint8Array {
  let made = new Uint8Array()
  const take = (update: Uint8Array): void => {
    made = new Uint8Array(update)
  }
  doc.on('update', take)
  doc.transact(() => change(doc))
  doc.off('update', take)
  return made
}

/** Sends a signed commit that the node stores, since its header is sound, but must not apply. */
async function expectRefused(author: HostileMember, board: string, payload: Uint8Array): Promise<void> {
  const before = await boardOf(board)
  author.force({ document: `board/${board}`, entries: 1, payload })
  await author.sync(nas)
  const after = await until('the commit arrives', async () => {
    const now = await boardOf(board)
    return now.commits > before.commits && now
  })
  expect(after).toEqual({ ...before, commits: before.commits + 1, refused: before.refused + 1 })
  expect(await nas.fields(board)).toEqual({ owner: 'nas' })
}

/** Bytes of a number as Yjs writes it. */
function varUint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return [...bytes, rest]
}

test('a malformed frame ends the session', async () => {
  const stream = await rude.open(nas)
  await stream.send(Uint8Array.of(0xff, 0, 1, 2))
  await untilEnded(stream)
  await rude.lastClose(nas, /^malformed-frame/)
})

test('a frame that announces more than the limit is refused by its length alone', async () => {
  const stream = await rude.open(nas)
  const prefix = new Uint8Array(4)
  new DataView(prefix.buffer).setUint32(0, FRAME_BYTES_MAX + 1)
  await stream.sendRaw(prefix)
  await untilEnded(stream)
  await rude.lastClose(nas, /frame-too-long/)
})

test('a frame before HELLO ends the session', async () => {
  const stream = await rude.open(nas)
  await stream.send(encodeFrame({ kind: 'root', root: new Uint8Array(32) }))
  await untilEnded(stream)
  await rude.lastClose(nas, /^out-of-order: 'root' came before 'hello'/)
})

test('a replayed HELLO ends the session', async () => {
  const stream = await rude.open(nas)
  const hello = prefixFrame(encodeFrame(rude.hello()))
  await stream.sendRaw(hello)
  await stream.sendRaw(hello)
  await untilEnded(stream)
  await rude.lastClose(nas, /^out-of-order: a second 'hello'/)
})

test('a HELLO of another co-op ends the session', async () => {
  const stream = await rude.open(nas)
  const hello = rude.hello()
  if (hello.kind === 'hello') hello.coop = new Uint8Array(32).fill(3)
  await stream.send(encodeFrame(hello))
  await untilEnded(stream)
  await rude.lastClose(nas, /^other-coop/)
})

test('commits that nobody asked for end the session and are not stored', async () => {
  const before = await nas.status()
  const record = rude.forge([section('good', updateOf(copyOf(rude, 'good').doc, setField))])
  const stream = await rude.open(nas)
  await stream.send(encodeFrame(rude.hello()))
  await stream.send(encodeFrame({ kind: 'commits', request: 1, records: [record.bytes] }))
  await untilEnded(stream)
  await rude.lastClose(nas, /^out-of-order: commits that nobody asked for/)
  expect((await nas.status()).headsRoot).toBe(before.headsRoot)
})

test('a commit with a bad signature ends the session and is not stored', async () => {
  const before = await nas.status()
  const record = rude.forge([section('good', updateOf(copyOf(rude, 'good').doc, setField))])
  expect(await rude.offer(nas, [withSignature(record, member.signer.sign(record.id))])).toBe(false)
  await rude.lastClose(nas, /^refused-commit: signature/)
  expect((await nas.status()).headsRoot).toBe(before.headsRoot)
})

test('a commit whose payload is not the one that was signed ends the session', async () => {
  const before = await nas.status()
  const record = rude.forge([section('good', updateOf(copyOf(rude, 'good').doc, setField))])
  const payloads = record.payloads.map((payload) => payload?.map((byte) => byte ^ 1) ?? null)
  const bytes = encodeRecord(record.headerBytes, record.signature, payloads)
  expect(await rude.offer(nas, [{ ...record, payloads, bytes }])).toBe(false)
  await rude.lastClose(nas, /^malformed-commit: payload-hash/)
  expect((await nas.status()).headsRoot).toBe(before.headsRoot)
})

test.concurrent('a member that cannot open a sync stream yet is tried again while it stays connected', async () => {
  // The device with the smaller key opens the stream: here it must be the node.
  const nasKey = peerIdFromString(nas.device).publicKey?.raw ?? new Uint8Array(32)
  let seed = new Uint8Array(randomBytes(32))
  while (Buffer.compare(nodeSigner(seed).publicKey, nasKey) < 0) seed = new Uint8Array(randomBytes(32))
  const late = await HostileMember.admit(nas, 'member', 'late', seed)
  await late.connect(nas)
  await until('the node sees it', async () => {
    return (await nas.peers()).find((peer) => peer.device === late.id)?.state === 'connected'
  })
  // Longer than the pause before a second try: that one finds nobody to answer either.
  await sleep(3_500)
  let isOpened = false
  await late.peer.libp2p.handle(SYNC_PROTOCOL, () => {
    isOpened = true
  })
  await until('the node opens a stream', () => isOpened)
  await late.close()
})

test.concurrent('a peer that connects and says nothing, or half a frame, is cut as silent', async () => {
  const [mute, half] = await Promise.all([rude.open(nas), archive.open(nas)])
  await half.sendRaw(Uint8Array.of(0, 0, 1))
  await Promise.all([untilEnded(mute), untilEnded(half)])
  await Promise.all([rude.lastClose(nas, /^silent/), archive.lastClose(nas, /^silent/)])
})

test('what a device did that no honest one does is remembered, with the reason', async () => {
  const peer = (await nas.peers()).find((it) => it.device === rude.id)
  expect(peer?.faults?.count).toBeGreaterThanOrEqual(5)
  expect(peer?.faults?.reason).toMatch(/^[a-z-]+: ./)
})

test('a device whose sessions were ended can still sync by the rules', async () => {
  rude.write(section('good', updateOf(copyOf(rude, 'good').doc, setField)))
  await rude.sync(nas)
  expect(await nas.fields('good')).toMatchObject({ owner: 'rude' })
})

test('an update under the clientID of another device is refused', async () => {
  const { doc, state } = copyOf(member, 'foreign')
  doc.clientID = state.writerOf(rude.replica.standing?.admission ?? '', 0)
  await expectRefused(member, 'foreign', encodeBoardPayload({ session: 0, update: updateOf(doc, setField) }))
})

test('an update that leaves out clocks before it is refused', async () => {
  const { doc } = copyOf(member, 'gap')
  updateOf(doc, (it) => it.getText('text').insert(0, 'never sent'))
  const update = updateOf(doc, (it) => it.getText('text').insert(0, 'sent'))
  await expectRefused(member, 'gap', encodeBoardPayload({ session: 0, update }))
})

test('a struct that collects garbage far ahead is refused', async () => {
  const { doc } = copyOf(member, 'gc')
  const update = Uint8Array.of(1, 1, ...varUint(doc.clientID), 0, 0, ...varUint(2 ** 48), 0)
  await expectRefused(member, 'gc', encodeBoardPayload({ session: 0, update }))
})

test('a deletion that the role does not allow is refused', async () => {
  const { doc } = copyOf(archive, 'erase')
  const update = updateOf(doc, (it) => it.getMap(FIELDS).delete('owner'))
  await expectRefused(archive, 'erase', encodeBoardPayload({ session: 0, update }))
})

test('bytes that are no Yjs update, no payload or no session are refused', async () => {
  const update = Uint8Array.of(255, 255, 255, 255, 255, 255)
  await expectRefused(member, 'garbage', encodeBoardPayload({ session: 0, update }))
  await expectRefused(member, 'session', encodeCanonical([2 ** 20, new Uint8Array([0, 0])]))
  await expectRefused(archive, 'garbage', encodeCanonical('x'))
})

test('an update that was applied once is refused the second time', async () => {
  const { doc } = copyOf(member, 'twice')
  const update = updateOf(doc, (it) => it.getText('text').insert(0, 'once'))
  member.write(section('twice', update))
  await member.sync(nas)
  await expectRefused(member, 'twice', encodeBoardPayload({ session: 0, update }))
  const board = (await nas.api('GET', '/v1/boards/twice')) as { text: string }
  expect(board.text).toBe('once')
})

test('what a device writes on other boards goes on counting after its refusals', async () => {
  member.write(
    section(
      'good',
      updateOf(copyOf(member, 'good').doc, (it) => it.getMap(FIELDS).set('by', 'member')),
    ),
  )
  await member.sync(nas)
  expect(await nas.fields('good')).toMatchObject({ by: 'member' })
  expect((await boardOf('good')).refused).toBe(0)
})

test('the node that bore all this restarts from its log to the same state', async () => {
  const before = await nas.status()
  await nas.kill9()
  nas = await bench.start('nas')
  const after = await nas.status()
  expect(after.documents).toEqual(before.documents)
  expect(after.headsRoot).toBe(before.headsRoot)
})

function setField(doc: Y.Doc): void {
  doc.getMap(FIELDS).set('owner', 'rude')
}

/** Opens a proof stream to the node and says `proof`; resolves when the node has answered or ended it. */
async function accuse(by: HostileMember, proof: Uint8Array): Promise<void> {
  const connection = await by.connect(nas)
  await by.peer.probe(connection, PROOF_PROTOCOL, prefixFrame(proof))
}

test('a member that forks is cut live, is shown the proof, and may come to the door alone; what is no proof stops nobody', async () => {
  const seed = new Uint8Array(randomBytes(32))
  const cheat = await HostileMember.admit(nas, 'member', 'cheat', seed)
  const copies = await Promise.all(
    Array.from({ length: VISITS_PER_DEVICE_MAX + 2 }, async () =>
      RawPeer.create({ seed, coop: cheat.replica.coop }),
    ),
  )
  try {
    const told = Promise.withResolvers<Uint8Array>()
    await cheat.peer.libp2p.handle(PROOF_PROTOCOL, async (stream) => {
      told.resolve(await new FramedStream(stream, FORK_PROOF_BYTES_MAX).next(5_000))
    })
    const [one, other] = ['one', 'other'].map((it) => cheat.forge([listSection(it, cheat.crypto.sha256)]))
    if (one === undefined || other === undefined) throw new Error('no commits')
    const sideOf = ({ headerBytes, signature }: CommitRecord): ProofSide => {
      return { headers: [headerBytes], signature }
    }
    await accuse(cheat, new Uint8Array(randomBytes(1_000)))
    await accuse(cheat, encodeForkProof([sideOf(one), sideOf(other)]))
    const key = await nodeKey()
    await accuse(cheat, encodeForkProof([inNameOf(key, one, cheat), inNameOf(key, other, cheat)]))
    await nas.set('good', 'still', 'writes')

    expect(await cheat.offer(nas, [one])).toBe(true)
    const connection = await cheat.connect(nas)
    void cheat.offer(nas, [other]).catch(() => null)
    await until('it is cut', () => connection.status !== 'open', 5_000)
    const { coop, rule } = cheat.replica
    const checked = checkForkProof(await told.promise, { coop, rule, sha256: cheat.crypto.sha256 })
    expect(checked).toMatchObject({ ok: true, fork: { seq: one.header.seq } })
    expect((await nas.peers()).find((it) => it.device === cheat.id)).toMatchObject({
      ...{ state: 'suspended', lastClose: 'suspended: it wrote two histories' },
    })

    const address = await nas.address()
    const visits = await Promise.all(copies.map(async (it) => it.connect(address).catch(() => null)))
    const open = (): Connection[] => visits.filter((it) => it?.status === 'open') as Connection[]
    await until('no more than two are in', () => open().length <= VISITS_PER_DEVICE_MAX)
    const [visit] = open()
    const [copy] = copies.filter((_, i) => visits[i] === visit)
    if (visit === undefined || copy === undefined) throw new Error('nobody was let in')
    const none = new Uint8Array()
    expect((await copy.probe(visit, SYNC_PROTOCOL, encodeFrame(cheat.hello()))).bytes).toBe(0)
    expect((await copy.probe(visit, ASSET_PROTOCOL, none)).bytes).toBe(0)
    const answer = await copy.probe(visit, JOIN_PROTOCOL, prefixFrame(encodeCanonical([9])))
    expect(answer.bytes).toBeGreaterThan(0)
    const tooMuch = new Uint8Array(STRANGER_BYTES_MAX + 1)
    await until(
      'who sends too much is cut',
      async () => {
        await copy.probe(visit, JOIN_PROTOCOL, tooMuch)
        return visit.status !== 'open'
      },
      STRANGER_TIMEOUT_MS / 2,
    )
  } finally {
    await Promise.all([cheat.close(), ...copies.map(async (it) => it.close())])
  }
})

/** Key of the node's device. */
async function nodeKey(): Promise<Uint8Array> {
  const key = peerIdFromString((await nas.status()).device).publicKey?.raw
  if (key === undefined) throw new Error('not an Ed25519 PeerId')
  return key
}

/** A commit that says that it is of `device`, signed by another. */
function inNameOf(device: Uint8Array, { header }: CommitRecord, by: HostileMember): ProofSide {
  const headerBytes = encodeHeader({ ...header, device, seen: [] })
  const signature = by.signer.sign(commitMessage(by.crypto.sha256(headerBytes)))
  return { headers: [headerBytes], signature }
}
