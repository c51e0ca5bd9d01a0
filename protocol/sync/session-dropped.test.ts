import { expect, test } from 'vitest'
import { must } from '../../test/actors/coop-actors.ts'
import { coopWithPen, headOf, recordsOf } from '../../test/actors/pen.ts'

test('a peer that brings what a false commit waited for is not cut for it', () => {
  const { pen, admit, founder, mesh } = coopWithPen(31)
  const other = admit('member')
  const base = recordsOf(founder)
  for (const node of [founder, other]) node.write(node.replica.ingest([...base, ...pen.written]).stored)
  const { commit } = must(founder.author([]))
  const head = headOf([commit])
  const liar = pen.write({ seen: [{ ...head, seq: head.seq + 1 }] })
  other.write(other.replica.ingest(recordsOf(founder).slice(base.length, -1)).stored)
  expect(other.replica.ingest([liar]).waiting.length).toBe(1)
  mesh.connect(founder, other)
  mesh.settle()
  expect(other.closed).toEqual([])
  expect(other.replica.pending.size).toBe(0)
  expect(other.replica.heads.root()).toEqual(founder.replica.heads.root())
})
