import pino from 'pino'
import { expect, test } from 'vitest'
import { CATALOGUE } from '#protocol/catalogue'
import type { CatalogueState } from '#protocol/catalogue'
import type { CommitRecord } from '#protocol/commit'
import { openReplica } from '#protocol/coop'
import { settleDocuments } from '#simulations/mesh'
import { nodeCrypto } from '#node/crypto'
import { listSection } from '../../test/actors/coop-actors.ts'
import { coopWithPen } from '../../test/actors/pen.ts'
import { foldDocument } from './document-fold.ts'

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
