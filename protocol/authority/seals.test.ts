import { expect, test } from 'vitest'
import { AuthorityBook, coopOf, makeSteward, person, sha256 } from '../../test/actors/authority-book.ts'
import type { Person } from '../../test/actors/authority-book.ts'
import { toHex } from '../encoding/index.ts'
import { encodeSeal } from './seal-record.ts'
import type { SealRecord } from './seal-record.ts'

const support = (book: AuthorityBook, by: Person, seal: Uint8Array): string =>
  book.write(by, { t: 'support', round: 0, seal })

test('the founding epoch has one steward, whose own signature is a quorum', () => {
  const book = new AuthorityBook()
  const founder = person(0)
  expect([book.tip.id, book.tip.height, book.tip.quorum]).toEqual([book.coop, 0, 1])
  expect(book.tip.stewards).toEqual(new Map([[founder.member, founder.device]]))
  const seal = book.record()
  book.do(founder, { t: 'sign', round: 0, seal })
  expect([book.tip.id, book.tip.height]).toEqual([sha256(seal), 1])
  expect(book.state.epochs.takeCommitted().map((it) => it.name)).toEqual([toHex(sha256(seal))])
  expect(book.state.epochs.takeCommitted()).toEqual([])
})

test('a decision makes stewards; from then on a quorum of them must sign', () => {
  const { book, people } = coopOf(4)
  expect([book.tip.stewards.size, book.tip.quorum]).toEqual([4, 3])
  const seal = book.record()
  for (const it of people.slice(0, 3)) book.do(it, { t: 'support', round: 0, seal })
  for (const it of people.slice(0, 2)) book.do(it, { t: 'sign', round: 0, seal: sha256(seal) })
  expect(book.tip.height).toBe(1)
  book.do(people[2] ?? person(2), { t: 'sign', round: 0, seal: sha256(seal) })
  expect(book.tip.height).toBe(2)
})

test('a seal is known where a quorum of its signatures is, and to nobody else', () => {
  const { book, people } = coopOf(3)
  const seal = book.record()
  const orders: number[] = []
  for (const it of people) book.do(it, { t: 'support', round: 0, seal })
  for (const it of people) orders.push(book.orderOf(book.do(it, { t: 'sign', round: 0, seal: sha256(seal) })))
  const { epochs } = book.state
  const { tip } = epochs
  expect(epochs.certificateOf(tip)).toEqual(orders)
  expect(epochs.isKnown(tip, (order) => orders.includes(order))).toBe(true)
  for (const missing of orders) expect(epochs.isKnown(tip, (order) => order !== missing)).toBe(false)
  expect(epochs.isKnown(epochs.founding, () => false)).toBe(true)
  expect([epochs.find(tip.id), epochs.find(tip.name), epochs.find(sha256(tip.id))]).toEqual([tip, tip, null])
})

test('a second set of signatures of another round certifies as well, half of each does not', () => {
  const { book, people } = coopOf(2)
  const [a, b] = [people[0] ?? person(0), people[1] ?? person(1)]
  const seal = book.record()
  const id = sha256(seal)
  for (const it of people) book.do(it, { t: 'support', round: 0, seal })
  const first = book.do(a, { t: 'sign', round: 0, seal: id })
  const parent = book.tip.id
  for (const it of people) book.do(it, { t: 'advance', parent, round: 1 })
  for (const it of people) book.do(it, { t: 'support', round: 1, seal })
  const second = [a, b].map((it) => book.orderOf(book.do(it, { t: 'sign', round: 1, seal: id })))
  const { epochs } = book.state
  expect(epochs.certificateOf(book.tip)).toEqual(second)
  const mixed = [book.orderOf(first), second[1] ?? -1]
  expect(epochs.isKnown(book.tip, (order) => mixed.includes(order))).toBe(false)
})

test('epoch-outdated: whoever knows a seal acts under it; whoever does not may act under its parent', () => {
  const { book, people } = coopOf(2)
  const parent = book.tip.id
  const before = book.commits.map((it) => it.order)
  book.commit(book.record(), people)
  const propose = { t: 'propose', changes: [{ kind: 'floor', height: 1 }], reason: '' } as const
  expect(book.write(person(0), propose, { epoch: parent })).toBe('epoch-outdated')
  expect(book.write(person(0), propose)).toBe('ok')
  const away = person(9)
  book.admit(away)
  const known = before.filter((it) => it < before.length)
  expect(book.write(away, propose, { epoch: parent, seen: known })).toBe('ok')
})

test('unknown-epoch: an epoch that nobody committed', () => {
  const book = new AuthorityBook()
  expect(book.write(person(0), { t: 'leave', signature: null }, { epoch: sha256(book.coop) })).toBe(
    'unknown-epoch',
  )
})

test('record, parent, height: the record is one of this co-op that follows the cited epoch', () => {
  const { book, people } = coopOf(2)
  const [a] = [people[0] ?? person(0)]
  const refused = (changes: Partial<SealRecord>): string => support(book, a, book.record(changes))
  expect(support(book, a, new Uint8Array(40))).toBe('record')
  expect(support(book, a, book.tip.id)).toBe('record')
  expect(refused({ coop: sha256(book.coop) })).toBe('record')
  const recovery = { changes: [{ kind: 'demote', member: a.kit.publicKey }] } as const
  expect(refused(recovery)).toBe('record')
  expect(refused({ ...recovery, parent: book.coop })).toBe('record')
  expect(refused({ parent: book.coop })).toBe('parent')
  expect(refused({ height: book.tip.height })).toBe('height')
  expect(refused({ height: book.tip.height + 2 })).toBe('height')
  expect(refused({})).toBe('ok')
})

test('frontier-unknown: a commit that the supporter has not seen, or under another name', () => {
  const { book, people } = coopOf(2)
  const [a, b] = [people[0] ?? person(0), people[1] ?? person(1)]
  const unseen = book.commits.map((it) => it.order)
  book.propose(b, [{ kind: 'floor', height: 1 }])
  const [row] = book.frontier([b])
  if (row === undefined) throw new Error('no row')
  const rowed = (changes: Partial<typeof row>): Uint8Array =>
    book.record({ frontier: [{ ...row, ...changes }] })
  expect(book.write(a, { t: 'support', round: 0, seal: rowed({}) }, { seen: unseen })).toBe(
    'frontier-unknown',
  )
  expect(support(book, a, rowed({ commit: sha256(row.commit) }))).toBe('frontier-unknown')
  expect(support(book, a, rowed({ seq: row.seq + 1 }))).toBe('frontier-unknown')
  expect(support(book, a, rowed({ device: a.signer.publicKey }))).toBe('frontier-unknown')
  expect(support(book, a, rowed({}))).toBe('ok')
})

test('frontier-off-branch, frontier-twice: a frontier goes on along the branch that the line has settled', () => {
  const { book, people } = coopOf(2)
  const a = people[0] ?? person(0)
  const cheat = person(7)
  book.admit(cheat)
  const first = book.orderOf(book.propose(cheat, [{ kind: 'floor', height: 1 }]))
  const left = book.propose(cheat, [{ kind: 'floor', height: 1 }], { prev: first })
  const right = book.propose(cheat, [{ kind: 'floor', height: 1 }], { prev: first })
  const row = (commit: Uint8Array, seq: number): SealRecord['frontier'][number] => ({
    ...{ device: cheat.signer.publicKey, seq, commit },
  })
  const twice = book.record({ frontier: [row(left, 1), row(right, 1)] })
  expect(support(book, a, twice)).toBe('frontier-twice')
  book.commit(book.record({ frontier: [row(left, 1)] }), people)
  expect(support(book, a, book.record({ frontier: [row(right, 1)] }))).toBe('frontier-off-branch')
  const before = book.commits[first]?.id ?? left
  expect(support(book, a, book.record({ frontier: [row(before, 0)] }))).toBe('frontier-off-branch')
  expect(support(book, a, book.record({ frontier: [row(left, 1)] }))).toBe('ok')
})

test('frontier-doubtful: what is contested or late is settled only by a decision that names it', () => {
  const { book, people } = coopOf(2)
  const a = people[0] ?? person(0)
  const late = person(7)
  book.admit(late)
  const commit = book.propose(late, [{ kind: 'floor', height: 1 }])
  book.doubtful.add(book.orderOf(commit))
  const row = { device: late.signer.publicKey, seq: 0, commit }
  expect(support(book, a, book.record({ frontier: [row] }))).toBe('frontier-doubtful')
  const unseen = book.commits.map((it) => it.order)
  const proposal = book.propose(a, [{ kind: 'settle', ...row }])
  // Others may have stored the proposal or not.
  const named = book.record({ decision: { proposal, approvals: [] }, frontier: [row] })
  const b = people[1] ?? person(1)
  expect(book.write(b, { t: 'support', round: 0, seal: named }, { seen: unseen })).toBe('frontier-doubtful')
  const approvals = book.approve(proposal, people)
  const decision = { proposal, approvals }
  expect(support(book, a, book.record({ decision }))).toBe('decision-unfit')
  const epoch = book.commit(book.record({ decision, frontier: [row] }), people)
  expect(epoch.facts.frontier).toEqual([book.orderOf(commit)])
})

test('fork-unproven: a fork is recorded once its two branches are known', () => {
  const { book, people } = coopOf(2)
  const a = people[0] ?? person(0)
  const cheat = person(7)
  book.admit(cheat)
  const first = book.orderOf(book.propose(cheat, [{ kind: 'floor', height: 1 }]))
  book.propose(cheat, [{ kind: 'floor', height: 1 }], { prev: first })
  const record = (seq: number): Uint8Array =>
    book.record({ forks: [{ device: cheat.signer.publicKey, seq }] })
  expect(support(book, a, record(1))).toBe('fork-unproven')
  book.propose(cheat, [{ kind: 'floor', height: 1 }], { prev: first })
  expect(support(book, a, record(0))).toBe('fork-unproven')
  const epoch = book.commit(record(1), people)
  expect(epoch.facts.forkProofs).toEqual([{ device: cheat.device, seq: 1 }])
})

test('not-left: a device is closed as one that left once it has', () => {
  const { book, people } = coopOf(2)
  const a = people[0] ?? person(0)
  const gone = person(7)
  book.admit(gone)
  const seal = book.record({ left: [gone.signer.publicKey] })
  expect(support(book, a, seal)).toBe('not-left')
  book.do(gone, { t: 'leave', signature: null })
  expect(book.state.statusOf(gone.device)).toBe('left')
  expect(book.state.leaving).toEqual([gone.device])
  const epoch = book.commit(seal, people)
  expect(epoch.facts.closed).toEqual([gone.device])
  expect([book.state.leaving, book.state.statusOf(gone.device)]).toEqual([[], 'left'])
})

test('approval, no-quorum: a decision names one approval of each steward of a quorum, each the last word', () => {
  const { book, people } = coopOf(4)
  const [a, b, c, d] = people as [Person, Person, Person, Person]
  const member = person(7)
  book.admit(member)
  const proposal = book.propose(member, [{ kind: 'floor', height: 2 }])
  const other = book.propose(member, [{ kind: 'floor', height: 2 }])
  const [one, two, three] = [a, b, c].map((it) => book.do(it, { t: 'approve', proposal }))
  if (one === undefined || two === undefined || three === undefined) throw new Error('no approvals')
  const decided = (approvals: Uint8Array[], of = proposal): Uint8Array => {
    const sorted = approvals.sort((x, y) => (toHex(x) < toHex(y) ? -1 : 1))
    return book.record({ decision: { proposal: of, approvals: sorted } })
  }
  expect(support(book, a, decided([one, two]))).toBe('no-quorum')
  expect(support(book, a, decided([]))).toBe('no-quorum')
  expect(support(book, a, decided([one, two, proposal]))).toBe('approval')
  expect(support(book, a, decided([one, two, three], other))).toBe('approval')
  const again = book.do(a, { t: 'approve', proposal })
  expect(support(book, a, decided([one, two, three]))).toBe('approval')
  expect(support(book, a, decided([one, again, two, three]))).toBe('approval')
  const declined = book.do(b, { t: 'decline', proposal })
  expect(support(book, a, decided([again, two, three]))).toBe('approval')
  expect(support(book, a, decided([again, declined, three]))).toBe('approval')
  const fourth = book.do(d, { t: 'approve', proposal })
  expect(support(book, a, decided([again, three, fourth]))).toBe('ok')
})

test('an approval that the supporter has not seen does not count, nor does one of somebody who is no steward', () => {
  const { book, people } = coopOf(2)
  const [a, b] = people as [Person, Person]
  const proposal = book.propose(a, [{ kind: 'floor', height: 2 }])
  const own = book.do(a, { t: 'approve', proposal })
  const unseen = book.commits.map((it) => it.order)
  const theirs = book.do(b, { t: 'approve', proposal })
  const approvals = [own, theirs].sort((x, y) => (toHex(x) < toHex(y) ? -1 : 1))
  const seal = book.record({ decision: { proposal, approvals } })
  expect(book.write(a, { t: 'support', round: 0, seal }, { seen: unseen })).toBe('approval')
  expect(support(book, a, seal)).toBe('ok')
})

test('a decline that comes after a quorum has supported does not end the ballot', () => {
  const { book, people } = coopOf(2)
  const [a, b] = people as [Person, Person]
  const proposal = book.propose(a, [{ kind: 'floor', height: 2 }])
  const seal = book.record({ decision: { proposal, approvals: book.approve(proposal, people) } })
  book.do(a, { t: 'support', round: 0, seal })
  book.do(b, { t: 'support', round: 0, seal })
  book.do(b, { t: 'decline', proposal })
  for (const it of [a, b]) book.do(it, { t: 'sign', round: 0, seal: sha256(seal) })
  expect(book.tip.facts.floor).toBe(2)
})

test('a device that signs for somebody else under the epoch does not: signers of another epoch', () => {
  const { book, people } = coopOf(2)
  const [a, b] = people as [Person, Person]
  const later = person(1, 1)
  const founding = book.coop
  expect(book.write(b, { t: 'support', round: 0, seal: book.record() }, { epoch: founding, seen: [] })).toBe(
    'not-steward',
  )
  book.admit(later)
  const change = { kind: 'steward', member: b.kit.publicKey, device: later.signer.publicKey } as const
  book.decide([change], people)
  expect(support(book, b, book.record())).toBe('not-steward')
  expect(book.write(b, { t: 'sign', round: 0, seal: book.record() })).toBe('not-steward')
  expect(book.write(b, { t: 'advance', parent: book.tip.id, round: 1 })).toBe('not-steward')
  expect(support(book, later, book.record())).toBe('ok')
  expect(support(book, a, book.record())).toBe('ok')
})

test('nobody makes himself a steward: whatever a record says, a quorum of stewards has approved of it', () => {
  const { book, people } = coopOf(2)
  const climber = person(7)
  book.admit(climber)
  const proposal = book.propose(climber, [makeSteward(climber)])
  expect(book.write(climber, { t: 'approve', proposal })).toBe('not-steward')
  const seal = book.record({ decision: { proposal, approvals: [] } })
  expect(support(book, climber, seal)).toBe('not-steward')
  expect(support(book, people[0] ?? person(0), seal)).toBe('no-quorum')
  const recovery = book.record({ changes: [makeSteward(climber)] })
  expect(support(book, people[0] ?? person(0), recovery)).toBe('record')
})

test('what was signed under a parent says nothing of its child: a seal cannot be replayed', () => {
  const { book, people } = coopOf(2)
  const seal = book.record()
  book.commit(seal, people)
  expect(support(book, people[0] ?? person(0), seal)).toBe('parent')
  const a = people[0] ?? person(0)
  const same = encodeSeal({
    ...{ coop: book.coop, parent: book.tip.id, height: book.tip.height + 1, decision: null },
    ...{ frontier: [], forks: [], left: [], changes: null },
  })
  expect(support(book, a, same)).toBe('ok')
})
