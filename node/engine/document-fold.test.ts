import pino from 'pino'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { CATALOGUE, CatalogueState } from '#protocol/catalogue'
import type { CommitRecord } from '#protocol/commit'
import { openReplica } from '#protocol/coop'
import { settleDocuments } from '#simulations/mesh'
import { nodeCrypto } from '#node/crypto'
import { listSection } from '../../test/actors/coop-actors.ts'
import { Pen, coopWithPen, headOf, reader, recordsOf } from '../../test/actors/pen.ts'
import { FOLD_COMMITS, foldDocument, rebuildDocument } from './document-fold.ts'

const crypto = nodeCrypto()

test('a document that is made anew while it is folded is given in its new state', async () => {
  const { pen, all, coop } = coopWithPen(41)
  for (const name of ['a', 'b', 'c']) pen.write({ timeMs: 1 }, [listSection(name, crypto.sha256)])
  const log: CommitRecord[] = [...all, ...pen.written]
  pen.forget(1)
  const other = pen.write({ timeMs: 2 }, [listSection('d', crypto.sha256)])
  const replica = openReplica({ coop, crypto, signer: null })
  for (const record of log) {
    // As after a start: what the index tells, and of the documents the roster alone.
    const { device, seq, prev, seen, sections } = record.header
    const find = (id: Uint8Array): number => replica.history.find(id)
    const documents = sections.map((it) => it.document)
    const links = { prev: prev === null ? -1 : find(prev), seen: seen.map((it) => find(it.id)) }
    replica.restore({ device, seq, id: record.id, ...links, isSigned: true, documents })
  }
  const roster = all.map((record, order) => ({ order, record }))
  replica.documents.fold('authority', roster)
  let reads = 0
  const state = await foldDocument(CATALOGUE, {
    ...{ replica, crypto, log: pino({ level: 'silent' }), noteDamaged: () => {} },
    alone: async (work) => work(),
    read: async (orders) => {
      reads += 1
      if (reads === 2) {
        for (const { order, record } of replica.ingest([other]).stored) log[order] = record
        expect(replica.documents.staleIds()).toEqual([CATALOGUE])
        settleDocuments(replica, (order) => log[order]?.bytes ?? new Uint8Array(), crypto.sha256)
      }
      return orders.slice(0, 1).map((order) => ({ order, bytes: log[order]?.bytes ?? new Uint8Array() }))
    },
  })
  expect(state).toBe(replica.document(CATALOGUE))
  const names = [...((state as CatalogueState | null)?.listings.values() ?? [])].map((it) => it.name)
  expect(names).toEqual(['a', 'b'])
})

test('a large document of a forked device is made anew a slice at a time, beside the state that is shown', async () => {
  const { pen, admit, founder, coop } = coopWithPen(42)
  const other = new Pen(coop, admit('member').signer)
  other.write({ seen: [headOf(recordsOf(founder))] })
  const log = [...recordsOf(founder), ...pen.written, ...other.written]
  for (let i = 0; i < 3_000; i += 1) log.push(pen.write({}, [listSection(`own ${i}`, crypto.sha256)]))
  const { signer } = admit('member')
  const replica = openReplica({ coop, crypto, signer })
  const take = (records: readonly CommitRecord[]): void => {
    for (const { order, record } of replica.ingest(records).stored) log[order] = record
  }
  take(log.splice(0))
  take(recordsOf(founder))
  const whole = replica.document(CATALOGUE) as CatalogueState
  expect(whole.listings.size).toBe(3_000)
  // It parts behind its 2,000th; then somebody turns out to have relied on more, while the document is made anew.
  const at = log.findIndex((it) => it.header.seq === 2_000 && it.id === pen.written[2_000]?.id)
  take([new Pen(coop, pen.signer).write({ seq: 2_001, prev: log[at]?.id ?? null, timeMs: 1 })])
  expect(replica.documents.staleIds()).toEqual([CATALOGUE])
  const check = vi.spyOn(CatalogueState.prototype, 'check')
  const turns: number[] = []
  const seen: (readonly [number, boolean])[] = []
  const progress = { isDone: false }
  const watch = (async () => {
    while (!progress.isDone) {
      turns.push(check.mock.calls.length)
      check.mockClear()
      const shown = replica.document(CATALOGUE)
      if (replica.documents.isStale(CATALOGUE)) {
        const write = replica.author([listSection('mine', crypto.sha256)], 0)
        seen.push([(shown as CatalogueState).listings.size, !write.ok && write.refusal === 'stale'])
      }
      if (turns.length === 12) take([other.write({ seen: [headOf(pen.written, 2_500)] })])
      await nextTurn()
    }
  })()
  const isRebuilt = await rebuildDocument(CATALOGUE, {
    ...{ replica, crypto, noteDamaged: () => {} },
    alone: async (work) => work(),
    read: async (orders) => orders.map((order) => ({ order, bytes: log[order]?.bytes ?? new Uint8Array() })),
  })
  progress.isDone = true
  await watch
  check.mockRestore()
  expect(isRebuilt).toBe(true)
  expect(turns.reduce((sum, it) => sum + it, 0)).toBeGreaterThan(2_500)
  expect(Math.max(...turns)).toBeLessThanOrEqual(FOLD_COMMITS)
  expect(new Set(seen.map((it) => it.join()))).toEqual(new Set(['3000,true']))
  const made = replica.document(CATALOGUE) as CatalogueState
  expect([made === whole, made.listings.size, replica.documents.staleIds()]).toEqual([false, 2_500, []])
  const fresh = reader(coop, log)
  settleDocuments(fresh, (order) => log[order]?.bytes ?? new Uint8Array(), crypto.sha256)
  expect(made.stateHash()).toEqual(fresh.document(CATALOGUE)?.stateHash())
  expect(replica.author([listSection('mine', crypto.sha256)], 0).ok).toBe(true)
})
