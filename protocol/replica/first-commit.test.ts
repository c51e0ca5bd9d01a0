import { expect, test } from 'vitest'
import { SEEN_MAX, decodeRecord } from '#protocol/commit'
import type { MemoryNode } from '#simulations/mesh'
import { listSection, must, testCoop } from '../../test/actors/coop-actors.ts'

test('a device that joins among more heads than a commit holds still acknowledges its own admission first', () => {
  const { founder, admit, crypto } = testCoop(5)
  const give = (from: MemoryNode, to: MemoryNode): void => {
    const records = from.log.map((bytes) => must(decodeRecord(bytes, crypto.sha256)).record)
    to.write(to.replica.ingest(records).stored)
  }
  const others = Array.from({ length: SEEN_MAX + 2 }, () => {
    const other = admit('venue')
    give(founder, other)
    return other
  })
  const newcomer = admit('member')
  // Written apart, so that no head covers another or knows of the newcomer; they reach the founder afterwards.
  for (const [i, other] of others.entries()) must(other.author([listSection(`file ${i}`, crypto.sha256)]))
  for (const other of others) give(other, founder)
  give(founder, newcomer)
  must(newcomer.author([listSection('mine', crypto.sha256)]))
  give(newcomer, founder)
  for (const { replica } of [newcomer, founder]) {
    expect(replica.documents.countsOf('catalogue')).toEqual({ commits: others.length + 1, refused: 0 })
  }
})
