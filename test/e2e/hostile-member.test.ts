import { afterAll, beforeAll, expect, test } from 'vitest'
import * as Y from 'yjs'
import { BoardState, FIELDS, encodeBoardPayload } from '#protocol/board'
import { encodeRecord } from '#protocol/commit'
import type { CommitRecord, Section } from '#protocol/commit'
import { encodeCanonical } from '#protocol/encoding'
import { FRAME_BYTES_MAX, encodeFrame, prefixFrame } from '#protocol/sync'
import type { FramedStream } from '#node/mesh'
import { HostileMember } from '../actors/hostile-member.ts'
import type { NodeProcess } from '../actors/node-process.ts'
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
async function boardOf(name: string): Promise<{ stateHash: string; commits: number; refused: number }> {
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
  doc.clientID = state.writerOf(author.device, 0)
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

/** Sends a signed commit that the node must store but not apply. */
async function expectRefused(author: HostileMember, board: string, update: Uint8Array): Promise<void> {
  const before = await boardOf(board)
  author.write(section('good', updateOf(copyOf(author, 'good').doc, () => null)).payload.length > 0 ? forced(board, update) : forced(board, update))
  await author.sync(nas)
  const after = await boardOf(board)
  expect(after).toEqual({ ...before, commits: before.commits + 1, refused: before.refused + 1 })
  expect(await nas.fields(board)).toEqual({ owner: 'nas' })
}

function forced(board: string, update: Uint8Array): Section {
  return section(board, update)
}
