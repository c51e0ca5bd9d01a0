import { expect, test } from 'vitest'
import { AuthorityBook, coopOf, makeSteward, person, sha256 } from '../../test/actors/authority-book.ts'
import type { Person } from '../../test/actors/authority-book.ts'
import { toHex } from '../encoding/index.ts'
import { recoveryMessage } from './recovery.ts'

const members = [7, 8, 9, 10].map((n) => person(n))

/** A co-op of two stewards and four members who are under the frontier, with the electors' way to recover. */
function settled(recovery: 'member-quorum' | 'kits'): { book: AuthorityBook; people: Person[] } {
  const { book, people } = coopOf(2, { recovery })
  for (const it of members) book.admit(it)
  book.admit(person(11), 'observer')
  book.commit(book.record({ frontier: book.frontier(people) }), people)
  // Nobody has settled that this one was let in.
  book.admit(person(12))
  return { book, people }
}

const recover = (book: AuthorityBook, by: Person, seal: Uint8Array, attempt = 0): string =>
  book.write(by, { t: 'recover', attempt, seal })

function kits(book: AuthorityBook, of: Person, seal: Uint8Array, attempt = 0, by = of): string {
  const signature = by.kit.sign(recoveryMessage(book.coop, attempt, sha256(seal)))
  return book.write(person(7), { t: 'kits', attempt, seal, kit: of.kit.publicKey, signature })
}

const rescue = (book: AuthorityBook): Uint8Array =>
  book.record({ changes: members.slice(0, 2).map(makeSteward) })

test('members of the last frontier make new stewards by their quorum', () => {
  const { book } = settled('member-quorum')
  const seal = rescue(book)
  // Six electors: two stewards and four members; a quorum is five.
  for (const it of members) expect(recover(book, it, seal)).toBe('ok')
  expect(book.tip.height).toBe(2)
  expect(recover(book, person(1), seal)).toBe('ok')
  expect([book.tip.height, book.tip.isRecovery, book.tip.stewards.size]).toEqual([3, true, 4])
})

test('not-elector: observers, strangers to the frontier and closed devices have no say', () => {
  const { book, people } = settled('member-quorum')
  const seal = rescue(book)
  expect(recover(book, person(11), seal)).toBe('not-elector')
  expect(recover(book, person(12), seal)).toBe('not-elector')
  expect(recover(book, person(99), seal)).toBe('not-elector')
  book.decide([{ kind: 'close', device: person(7).signer.publicKey }], people)
  expect(recover(book, person(7), rescue(book))).toBe('not-elector')
})

test('recovered-another: one voice for one record an attempt', () => {
  const { book } = settled('member-quorum')
  const other = book.record({ changes: [makeSteward(person(8))] })
  expect(recover(book, person(7), rescue(book))).toBe('ok')
  expect(recover(book, person(7), rescue(book))).toBe('ok')
  expect(recover(book, person(7), other)).toBe('recovered-another')
  expect(recover(book, person(7), other, 1)).toBe('ok')
})

test('record, parent, height, decision-unfit: a recovery is a record of stewards that fits', () => {
  const { book } = settled('member-quorum')
  const by = person(7)
  expect(recover(book, by, book.record())).toBe('record')
  expect(recover(book, by, new Uint8Array(9))).toBe('record')
  const changes = [makeSteward(person(7))]
  expect(recover(book, by, book.record({ changes, parent: book.coop }))).toBe('parent')
  expect(recover(book, by, book.record({ changes, height: 9 }))).toBe('height')
  expect(recover(book, by, book.record({ changes: [makeSteward(person(99))] }))).toBe('decision-unfit')
  const none = [0, 1].map((n) => ({ kind: 'demote', member: person(n).kit.publicKey }) as const)
  expect(recover(book, by, book.record({ changes: none }))).toBe('decision-unfit')
})

test('recovery-rule: devices or kits, as the rules say', () => {
  const byMembers = settled('member-quorum').book
  expect(kits(byMembers, person(7), rescue(byMembers))).toBe('recovery-rule')
  const byKits = settled('kits').book
  expect(recover(byKits, person(7), rescue(byKits))).toBe('recovery-rule')
})

test('kits make new stewards, whoever carries what they signed; proof: each signs for itself', () => {
  const { book } = settled('kits')
  const seal = rescue(book)
  expect(kits(book, person(99), seal)).toBe('not-elector')
  expect(kits(book, person(8), seal, 0, person(9))).toBe('proof')
  for (const it of members) expect(kits(book, it, seal)).toBe('ok')
  expect(kits(book, person(9), book.record({ changes: [makeSteward(person(9))] }))).toBe('recovered-another')
  expect(book.tip.height).toBe(2)
  expect(kits(book, person(0), seal)).toBe('ok')
  expect(book.tip.isRecovery).toBe(true)
})

test('voices of two attempts do not add up', () => {
  const { book } = settled('member-quorum')
  const seal = rescue(book)
  for (const it of members) expect(recover(book, it, seal)).toBe('ok')
  expect(recover(book, person(0), seal, 1)).toBe('ok')
  expect(book.tip.height).toBe(2)
})

test('a recovery loses to a seal of the stewards as long as nothing follows it', () => {
  const { book, people } = settled('member-quorum')
  const parent = book.tip
  const before = book.commits.map((it) => it.order)
  const seal = rescue(book)
  for (const it of [...members, person(1)]) recover(book, it, seal)
  const recovered = book.tip
  expect(recovered.isRecovery).toBe(true)
  // The stewards had only been away.
  const own = book.record({ parent: parent.id, height: 3 })
  const away = { seen: before, epoch: parent.id }
  const acts = people.map((it) => {
    const last = before.findLast((order) => book.commits[order]?.device === it.device) ?? -1
    book.do(it, { t: 'support', round: 0, seal: own }, { ...away, prev: last })
    return book.last.order
  })
  for (const [i, it] of people.entries())
    book.do(it, { t: 'sign', round: 0, seal: own }, { epoch: parent.id, seen: acts, prev: acts[i] ?? -1 })
  expect(book.tip.id).toEqual(sha256(own))
  expect(parent.children.length).toBe(2)
})

test('a seal of lost stewards that turns up late does not take back what followed a recovery', () => {
  const { book, people } = settled('member-quorum')
  const parent = book.tip
  const own = book.record({ height: 3 })
  for (const it of people) book.do(it, { t: 'support', round: 0, seal: own })
  book.do(person(0), { t: 'sign', round: 0, seal: own })
  const before = book.commits.map((it) => it.order)
  const lost = people.map((it) => ({ kind: 'demote', member: it.kit.publicKey }) as const)
  const seal = book.record({ changes: [...members.slice(0, 2).map(makeSteward), ...lost] })
  for (const it of [...members, person(1)]) recover(book, it, seal)
  const next = book.commit(book.record(), members.slice(0, 2))
  expect(next.height).toBe(4)
  // Signed long ago, on a device that was lost, and not told to anybody.
  const prev = before.findLast((it) => book.commits[it]?.device === person(1).device) ?? -1
  book.do(person(1), { t: 'sign', round: 0, seal: own }, { prev, seen: before, epoch: parent.id })
  expect(parent.children.length).toBe(2)
  expect(book.tip).toBe(next)
})

test('of two recoveries the one with a quorum at the later attempt is chosen; a voice alone makes none later', () => {
  const { book } = settled('member-quorum')
  const parent = book.tip
  const at = { epoch: parent.id, seen: book.commits.map((it) => it.order) }
  const seals = [7, 8].map((n) => book.record({ changes: [makeSteward(person(n))] }))
  const say = (by: Person, seal: Uint8Array, attempt: number): void => {
    const own = book.commits.findLast((it) => it.device === by.device)?.order ?? -1
    const prev = own
    book.do(by, { t: 'recover', attempt, seal }, { ...at, prev })
  }
  const [high, low] = seals.toSorted((a, b) => (toHex(sha256(a)) < toHex(sha256(b)) ? 1 : -1))
  const voters = [...members, person(1)]
  for (const it of voters) say(it, high as Uint8Array, 0)
  for (const it of voters) say(it, low as Uint8Array, 1)
  expect(book.tip.id).toEqual(sha256(low as Uint8Array))
  say(person(7), high as Uint8Array, 2)
  expect(book.tip.id).toEqual(sha256(low as Uint8Array))
  for (const it of voters.slice(1)) say(it, high as Uint8Array, 2)
  expect(book.tip.id).toEqual(sha256(high as Uint8Array))
})

test('a co-op that never sealed anything is recovered by its founder', () => {
  const book = new AuthorityBook({ recovery: 'kits' })
  book.admit(person(7))
  expect(kits(book, person(7), book.record({ changes: [makeSteward(person(7))] }))).toBe('not-elector')
  expect(kits(book, person(0), book.record({ changes: [makeSteward(person(7))] }))).toBe('ok')
  expect(book.tip.stewards.size).toBe(2)
})
