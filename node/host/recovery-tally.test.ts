import { afterEach, expect, test, vi } from 'vitest'
import { AuthorityBook, coopOf, makeSteward, person, sha256 } from '../../test/actors/authority-book.ts'
import { toHex } from '#protocol/encoding'
import { RecoveryTally } from './recovery-tally.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

const members = [7, 8].map((n) => person(n))
const [bo, cy] = members as [(typeof members)[number], (typeof members)[number]]
const all = [person(0), person(1), ...members]

/** Two stewards and two members under the frontier: four electors, of whom three have to speak. */
function settled(): AuthorityBook {
  const { book, people } = coopOf(2)
  for (const it of members) book.admit(it)
  book.commit(book.record({ frontier: book.frontier(people) }), people)
  return book
}

function tallyOf(book: AuthorityBook): RecoveryTally {
  const isAtOrAfter = (order: number, earlier: number): boolean => {
    let at = order
    while (at > earlier) at = book.commits[at]?.prev ?? -1
    return at === earlier
  }
  return new RecoveryTally({ authority: book.state, history: { isAtOrAfter } })
}

const nameOf = (seal: Uint8Array): string => toHex(sha256(seal))

test('voices are counted, and who is missing is known', () => {
  const book = settled()
  const seal = book.record({ changes: [makeSteward(bo)] })
  expect(tallyOf(book).running()).toEqual([])
  expect(tallyOf(book).attemptFor(nameOf(seal), bo.member)).toBe(0)
  for (const it of members) book.do(it, { t: 'recover', attempt: 0, seal })
  const tally = tallyOf(book)
  expect([tally.electors.size, tally.quorum]).toEqual([4, 3])
  const voices = [bo.member, cy.member].sort()
  expect(tally.running()).toMatchObject([{ attempt: 0, voices, elsewhere: [] }])
  expect(tally.hasSpoken(nameOf(seal), bo.member, 0)).toBe(true)
  expect(tally.committedBy(nameOf(seal))).toEqual([])
  book.do(person(0), { t: 'recover', attempt: 0, seal })
  expect(tallyOf(book).running()).toEqual([])
  expect(
    new RecoveryTally({ authority: book.state, history: { isAtOrAfter: () => true } }).electors.size,
  ).toBe(4)
})

test('who spoke for something else joins in a new attempt, and the others go where the most voices are', () => {
  const book = settled()
  const [one, other] = [
    book.record({ changes: [makeSteward(bo)] }),
    book.record({ changes: [makeSteward(cy)] }),
  ]
  book.do(bo, { t: 'recover', attempt: 0, seal: one })
  book.do(cy, { t: 'recover', attempt: 0, seal: other })
  // One elsewhere: three of four can still agree.
  expect(tallyOf(book).attemptFor(nameOf(one), person(0).member)).toBe(0)
  expect(tallyOf(book).attemptFor(nameOf(one), cy.member)).toBe(1)
  book.do(person(1), { t: 'recover', attempt: 0, seal: one })
  book.do(person(0), { t: 'recover', attempt: 0, seal: other })
  // Two and two: nobody can win this attempt any more.
  expect(
    tallyOf(book)
      .running()
      .map((it) => [it.attempt, it.voices.length]),
  ).toEqual([
    [1, 0],
    [1, 0],
  ])
  for (const it of all.slice(0, 3)) {
    const attempt = tallyOf(book).attemptFor(nameOf(one), it.member)
    expect(attempt).toBe(1)
    expect(book.write(it, { t: 'recover', attempt, seal: one })).toBe('ok')
  }
  expect(book.tip.isRecovery).toBe(true)
})

test('a new record begins where its first elector has said nothing', () => {
  const book = settled()
  const [one, other] = [
    book.record({ changes: [makeSteward(bo)] }),
    book.record({ changes: [makeSteward(cy)] }),
  ]
  book.do(bo, { t: 'recover', attempt: 0, seal: one })
  expect(tallyOf(book).attemptFor(nameOf(other), bo.member)).toBe(1)
  expect(tallyOf(book).attemptFor(nameOf(other), cy.member)).toBe(0)
})

test('an elector who speaks for thousands of records costs the others no time', () => {
  const book = settled()
  const one = book.record({ changes: [makeSteward(bo)] })
  book.do(person(0), { t: 'recover', attempt: 0, seal: one })
  const seal = book.record({ changes: [makeSteward(cy)] })
  const rescue = book.state.recovery.rescuesAt(book.tip)[0]
  if (rescue === undefined) throw new Error('nobody spoke')
  const junk = Array.from({ length: 20_000 }, (_, i) => ({
    ...rescue,
    ...{ name: `junk ${i}`, voices: new Map([[i, new Map([[cy.member, [i]]])]]) },
  }))
  vi.spyOn(book.state.recovery, 'rescuesAt').mockReturnValue([rescue, ...junk])
  const beganUs = process.cpuUsage().user
  const tally = tallyOf(book)
  expect(tally.running()[0]?.voices.length).toBe(1)
  expect(tally.attemptFor(nameOf(one), bo.member)).toBe(0)
  expect(tally.attemptFor(nameOf(seal), cy.member)).toBe(20_000)
  // Work that grows with the square would take minutes.
  expect((process.cpuUsage().user - beganUs) / 1_000).toBeLessThan(2_000)
})
