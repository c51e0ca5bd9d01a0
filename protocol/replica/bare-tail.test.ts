import { expect, test } from 'vitest'
import { must } from '../../test/actors/coop-actors.ts'
import { coopWithPen, headOf, recordsOf, unsigned } from '../../test/actors/pen.ts'
import type { CommitRecord } from '../commit/index.ts'
import type { IntakeResult } from './replica.ts'

test('a commit whose signature is covered by a refused one alone is not stored', () => {
  const { pen, coop, admit, founder, mesh } = coopWithPen(22)
  const other = admit('member')
  const show = (records: readonly CommitRecord[]) => {
    const result = founder.replica.ingest(records)
    founder.write(result.stored)
    return result
  }
  show(pen.written)
  const bare = unsigned(pen.write())
  const head = headOf(recordsOf(founder))
  const liar = pen.write({ seen: [{ ...head, seq: head.seq + 1 }] })
  show([bare, liar])
  must(founder.author([]))
  mesh.connect(founder, other)
  mesh.settle(120_000)
  expect(other.replica.pending.size).toBe(0)
  expect(other.replica.heads.root()).toEqual(founder.replica.heads.root())
})
