import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { FIELDS, TEXT, decodeBoardPayload, encodeBoardPayload } from '#protocol/board'
import { COOP_KINDS } from '#protocol/coop'
import { DocumentRegistry } from '#protocol/document'
import type { CachedDocument } from '#protocol/document'
import { toHex } from '#protocol/encoding'
import type { Signer } from '#protocol/identity'
import { Replica } from '#protocol/replica'
import type { MemoryNode } from '#simulations/mesh'
import { BoardPage, boardOf } from './actors/board-page.ts'
import { collidingCrypto } from './actors/colliding-crypto.ts'
import { must, testCoop } from './actors/coop-actors.ts'
import type { TestCoop } from './actors/coop-actors.ts'
import { Pen, headOf, recordsOf } from './actors/pen.ts'
import { hostileUpdate } from '../protocol/shared/hostile-update.ts'

const BOARD = 'board/wall'
const NOTHING = { ok: false } as const
/** Every device's session 0 on a board has one clientID. */
const crypto = collidingCrypto(0, 1)

type Cached = (document: string) => CachedDocument | null

function nodeOf({ mesh, coop }: TestCoop, signer: Signer | null, cached: Cached = () => null): MemoryNode {
  const registry = new DocumentRegistry(COOP_KINDS)
  return mesh.add(new Replica({ coop, crypto, signer, registry, cached }))
}

function carry(from: MemoryNode, to: MemoryNode): void {
  const news = recordsOf(from).filter((it) => to.replica.history.find(it.id) < 0)
  to.write(to.replica.ingest(news).stored)
}

function edit(node: MemoryNode, change: (doc: Y.Doc) => void): BoardPage {
  const page = new BoardPage(node, BOARD)
  must(page.edit(change) ?? NOTHING)
  return page
}

function faceOf(node: MemoryNode): unknown {
  const { doc } = boardOf(node, BOARD)
  expect([doc.store.pendingStructs, doc.store.pendingDs]).toEqual([null, null])
  const clocks = [...Y.decodeStateVector(Y.encodeStateVector(doc))].sort(([a], [b]) => a - b)
  const hash = toHex(boardOf(node, BOARD).stateHash())
  return { hash, json: doc.toJSON(), clocks, counts: node.replica.documents.countsOf(BOARD) }
}

type People = {
  coop: TestCoop
  ann: MemoryNode
  eve: MemoryNode
  bo: MemoryNode
  cy: MemoryNode
  all: MemoryNode[]
}

/** Members who know the roster; none of them has written. */
function people(seed: number): People {
  const coop = testCoop(seed)
  const signers = [0, 1, 2, 3].map(() => coop.admit('member').signer)
  const all = signers.map((signer) => {
    const node = nodeOf(coop, signer)
    carry(coop.founder, node)
    return node
  })
  const [ann, eve, bo, cy] = all as [MemoryNode, MemoryNode, MemoryNode, MemoryNode]
  return { coop, ann, eve, bo, cy, all }
}

/** ann and eve write under one clientID while apart; bo edits what ann wrote, cy what eve wrote. */
function apart(seed: number): People {
  const them = people(seed)
  const { ann, eve, bo, cy } = them
  edit(ann, (doc) => doc.getText(TEXT).insert(0, 'soup'))
  edit(eve, (doc) => doc.getText(TEXT).insert(0, 'stew'))
  carry(ann, bo)
  carry(eve, cy)
  for (const [node, mark] of [
    [bo, '-bo-'],
    [cy, '-cy-'],
  ] as const) {
    const page = new BoardPage(node, BOARD, 1)
    must(page.edit((doc) => doc.getText(TEXT).insert(2, mark)) ?? NOTHING)
  }
  return them
}

function meet(nodes: readonly MemoryNode[]): void {
  for (const from of [...nodes, ...nodes]) for (const to of nodes) if (from !== to) carry(from, to)
}

test('sessions that collide: whoever comes first, all boards are equal, and nothing is lost', () => {
  for (let seed = 1; seed <= 6; seed += 1) {
    const { coop, ann, eve, bo, cy, all } = apart(seed)
    // One reader meets ann's chain first, the other one eve's.
    const readers = [
      [bo, cy],
      [cy, bo],
    ].map((order) => {
      const reader = nodeOf(coop, null)
      for (const node of order) carry(node, reader)
      return reader
    })
    meet(all)
    const { text } = boardOf(ann, BOARD).view()
    expect(['so-bo-upst-cy-ew', 'st-cy-ewso-bo-up']).toContain(text)
    for (const node of [...all, ...readers]) expect(faceOf(node)).toEqual(faceOf(ann))
    expect(ann.replica.documents.countsOf(BOARD)).toEqual({ commits: 4, refused: 0 })

    // Whoever has seen both edits across them, both go on, and everybody takes that.
    edit(bo, (doc) => doc.getText(TEXT).delete(7, 2))
    const own = text.indexOf('so') + 1
    edit(ann, (doc) => doc.getText(TEXT).delete(own, 1))
    edit(eve, (doc) => doc.getMap(FIELDS).set('by', 'eve'))
    for (const node of readers) for (const from of all) carry(from, node)
    meet(all)
    expect(boardOf(ann, BOARD).view().text).toHaveLength(13)
    for (const node of [...all, ...readers]) expect(faceOf(node)).toEqual(faceOf(ann))
    expect(ann.replica.documents.countsOf(BOARD)).toEqual({ commits: 7, refused: 0 })
    const last = recordsOf(bo).find(
      ({ header }) => toHex(header.device) === bo.replica.device && header.seq === 1,
    )
    expect(decodeBoardPayload(last?.payloads[0] ?? new Uint8Array())?.commits?.length).toBeGreaterThan(0)
  }
})

test('a page whose session another device writes under is bound anew, before it writes and after', () => {
  const { ann, eve, bo } = people(7)
  const written = edit(ann, (doc) => doc.getText(TEXT).insert(0, 'soup'))
  const waiting = new BoardPage(bo, BOARD)
  const [first] = [written.session, waiting.session]
  expect(first).toBe(0)
  edit(eve, (doc) => doc.getText(TEXT).insert(0, 'stew'))
  carry(eve, bo)
  carry(eve, ann)
  expect([written.isBound, waiting.isBound]).toEqual([false, false])
  for (const node of [ann, bo]) expect(new BoardPage(node, BOARD).session).toBe(1)
})

test('a refused section under a session counts as one that collides: the order of arrival does not matter', () => {
  const { coop, ann, eve } = apart(8)
  const pen = new Pen(coop.coop, coop.admit('member').signer)
  const nobodys = hostileUpdate({ deletes: [{ writer: 511, ranges: [[90, 1]] }] })
  const payload = encodeBoardPayload({ session: 0, update: nobodys })
  carry(coop.founder, eve)
  const seen = [headOf(recordsOf(coop.founder))]
  eve.write(eve.replica.ingest([pen.write({ seen }, [{ document: BOARD, entries: 1, payload }])]).stored)
  const readers = [
    [ann, eve],
    [eve, ann],
  ].map((order) => {
    const reader = nodeOf(coop, null)
    for (const node of order) carry(node, reader)
    return reader
  }) as [MemoryNode, MemoryNode]
  expect(readers[0].replica.documents.countsOf(BOARD).refused).toBe(1)
  expect(faceOf(readers[0])).toEqual(faceOf(readers[1]))
})

test('a kept copy of a board is not used once sessions on it collide', () => {
  const { coop, ann, all } = apart(9)
  meet(all)
  const { sections, lastCommit, doc } = boardOf(ann, BOARD)
  for (const kept of [Y.encodeStateAsUpdate(doc), Y.encodeStateAsUpdate(new Y.Doc())]) {
    const reader = nodeOf(coop, null, () => ({ sections, commit: lastCommit, update: kept }))
    carry(ann, reader)
    expect(faceOf(reader)).toEqual(faceOf(ann))
    expect(reader.replica.documentLog(BOARD)?.isContested).toBe(true)
  }
})
