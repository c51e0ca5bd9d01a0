import type { Act, Change, Commit } from '../authority/world.ts'
import { Story } from './authority-story.ts'

/** What vectors begin with. */
export type BaseName = keyof typeof BASES

/** A history that goes on from a base: all acts but the last are valid; of the last the refusal, or null. */
export interface AuthorityCase {
  readonly name: string
  readonly base: BaseName
  readonly refusal: string | null
  tell(story: Story): void
}

const TWO = ['d0', 'd1']
const THREE = ['d0', 'd1', 'd2']
const steward = (n: number): Change => ['steward', `m${n}`, `d${n}`]

function coopOf(stewards: number, recovery: 'member-quorum' | 'kits' = 'member-quorum'): Story {
  const story = new Story({ recovery })
  for (let n = 1; n < stewards + 2; n += 1) story.admit(n)
  story.admit(9, 'observer')
  const others = [...Array(stewards).keys()].slice(1)
  const changes: Change[] = [...others.map(steward), ['slots', 'd1', 3]]
  story.decide(changes, ['d0'], { frontier: story.frontier(['d0']) })
  for (const it of [...others, stewards, stewards + 1, 9]) story.do(`d${it}`, null)
  return story
}

/** Co-ops that vectors begin with. `m9` with device `d9` is an observer. */
export const BASES = {
  'a founder alone, two members': (): Story => {
    const story = new Story()
    for (const n of [1, 2]) story.admit(n)
    return story
  },
  'two stewards, two members': (): Story => coopOf(2),
  'four stewards, two members': (): Story => coopOf(4),
  'two stewards, kits recover': (): Story => coopOf(2, 'kits'),
} satisfies Record<string, () => Story>

const [ALONE, PAIR, FOUR, KITS] = Object.keys(BASES) as [BaseName, BaseName, BaseName, BaseName]

/** Support of a record that moves the frontier of device n. */
const support = (story: Story, n: number, round = 0): Extract<Act, { t: 'support' | 'sign' }> => ({
  ...{ t: 'support', round },
  seal: story.record({ frontier: story.frontier([`d${n}`]) }),
})

function valid(base: BaseName, name: string, tell: (story: Story) => void): AuthorityCase {
  return { name, base, refusal: null, tell }
}

function refused(
  refusal: string,
  base: BaseName,
  name: string,
  tell: (story: Story) => void,
): AuthorityCase {
  return { name, base, refusal, tell }
}

/** A chain parts: two commits of one seq. The second is told. */
function fork(story: Story, device: string): [Commit, Commit] {
  const prev = story.lastOf(device)
  const one = story.do(device, { t: 'propose', changes: [['floor', 1]] })
  return [one, story.do(device, { t: 'propose', changes: [['floor', 2]] }, { prev, seen: [] })]
}

const recovery = (story: Story, ...changes: Change[]): ReturnType<Story['record']> => story.record({ changes })

/** Valid acts, and what comes of them. */
export const VALID: readonly AuthorityCase[] = [
  valid(ALONE, 'a founder alone decides: his signature is a quorum', (it) => {
    it.seal(it.record({ decision: it.approved([steward(1)], ['d0']) }), ['d0'])
  }),
  valid(PAIR, 'a member asks, two stewards approve, support and sign', (it) => {
    const proposal = it.do('d2', { t: 'propose', changes: [steward(2)] }).id
    const approvals = TWO.map((device) => it.do(device, { t: 'approve', proposal }).id).sort()
    it.seal(it.record({ decision: { proposal, approvals } }), TWO)
  }),
  valid(PAIR, 'a steward declines, then approves after all', (it) => {
    const proposal = it.do('d0', { t: 'propose', changes: [['demote', 'm1']] }).id
    it.do('d1', { t: 'decline', proposal })
    it.do('d1', { t: 'approve', proposal })
  }),
  valid(PAIR, 'a bare seal moves the frontier', (it) => {
    it.seal(it.record({ frontier: it.frontier(['d2', 'd3']) }), TWO)
  }),
  valid(PAIR, 'a decision of every kind', (it) => {
    const suspension = it.do('d0', { t: 'suspend', device: 'd3' }).id
    it.decide(
      [
        ['lift', suspension],
        ['close', 'd9'],
        ['role', 'm2', 'venue'],
        ['slots', 'd2', 5],
        ['rules', 'majority', 'kits'],
        ['floor', 2],
        steward(3),
        ['demote', 'm1'],
        ['remove', 'm2'],
      ],
      TWO,
    )
  }),
  valid(PAIR, 'a signing device is closed, then its steward demoted', (it) => {
    it.decide([['close', 'd1'], ['demote', 'm1']], TWO)
  }),
  valid(PAIR, 'a member that was removed is invited again, with another key', (it) => {
    it.decide([['remove', 'm2']], TWO)
    it.do('d0', { t: 'invite', key: 'again', role: 'member', uses: 1 })
    it.do('d0', { t: 'admit', invite: 'again', device: 'd2b', member: 'm2' })
  }),
  valid(PAIR, 'an invite that is used up gets one use more, and admits one more', (it) => {
    it.do('d0', { t: 'extend', key: 'i2', uses: 1 })
    it.do('d0', { t: 'admit', invite: 'i2', device: 'd8', member: 'm8' })
  }),
  valid(PAIR, 'each branch of a chain that has parted extends an invite for itself', (it) => {
    const prev = it.lastOf('d0')
    it.do('d0', { t: 'extend', key: 'i2', uses: 1 })
    it.do('d0', { t: 'extend', key: 'i2', uses: 2 }, { prev, seen: [] })
    it.do('d0', { t: 'admit', invite: 'i2', device: 'd8', member: 'm8' })
  }),
  valid(PAIR, 'a further device of a member', (it) => {
    it.do('d1', { t: 'device', device: 'd2b', member: 'm2' })
  }),
  valid(PAIR, 'a steward suspends, a member its own device', (it) => {
    it.do('d0', { t: 'suspend', device: 'd2' })
    it.do('d1', { t: 'device', device: 'd3b', member: 'm3' })
    it.do('d3', { t: 'suspend', device: 'd3b' })
  }),
  valid(PAIR, 'a device leaves, and a seal makes it final', (it) => {
    it.do('d2', { t: 'leave', withKit: false })
    it.seal(it.record({ left: ['d2'] }), TWO)
  }),
  valid(PAIR, 'a member leaves with all devices, by the kit', (it) => {
    it.do('d1', { t: 'device', device: 'd2b', member: 'm2' })
    it.do('d2', { t: 'leave', withKit: true })
    it.seal(it.record({ left: ['d2', 'd2b'] }), TWO)
  }),
  valid(PAIR, 'a steward who has left keeps the ballot that lets it go', (it) => {
    it.do('d1', { t: 'leave', withKit: false })
    it.seal(it.record({ left: ['d1'] }), TWO)
  }),
  valid(FOUR, 'three of four stewards give a round up and agree in the next one', (it) => {
    it.do('d0', support(it, 4))
    it.do('d1', support(it, 5))
    for (const device of THREE) it.do(device, { t: 'advance', round: 1 })
    it.seal(it.record({ frontier: it.frontier(['d5']) }), THREE, 1)
  }),
  valid(FOUR, 'what a quorum supported goes on in the next round, though a will was taken back', (it) => {
    const decision = it.approved([['slots', 'd4', 2]], THREE)
    const seal = it.record({ decision })
    for (const device of THREE) it.do(device, { t: 'support', round: 0, seal })
    it.do('d0', { t: 'decline', proposal: decision?.proposal ?? '' })
    for (const device of THREE) it.do(device, { t: 'advance', round: 1 })
    it.seal(seal, THREE, 1)
  }),
  valid(PAIR, 'a fork is recorded, and a decision settles one of its ways', (it) => {
    const [, other] = fork(it, 'd2')
    it.do('d0', null)
    const decision = it.approved([['settle', 'd2', other.seq, other.id]], TWO)
    it.seal(
      it.record({ decision, frontier: [['d2', other.seq, other.id]], forks: [['d2', other.seq]] }),
      TWO,
    )
  }),
  valid(FOUR, 'a chain that has parted has four suspensions in an epoch, not seven', (it) => {
    const prev = it.lastOf('d0')
    for (const device of ['d1', 'd2', 'd3']) it.do('d0', { t: 'suspend', device })
    let at = prev
    for (const device of ['d4', 'd5', 'd9', 'd1'])
      at = it.do('d0', { t: 'suspend', device }, { prev: at, seen: [] })
    it.do('d1', null)
  }),
  valid(PAIR, 'electors recover by their devices', (it) => {
    const seal = recovery(it, steward(2), ['demote', 'm0'])
    for (const device of ['d1', 'd2', 'd3']) it.do(device, { t: 'recover', attempt: 0, seal })
  }),
  valid(KITS, 'electors recover by their kits, at the second attempt', (it) => {
    const [one, other] = [recovery(it, steward(2)), recovery(it, steward(3))]
    it.do('d2', { t: 'kits', attempt: 0, seal: one, member: 'm2' })
    it.do('d3', { t: 'kits', attempt: 0, seal: other, member: 'm3' })
    for (const member of ['m0', 'm2', 'm3']) it.do('d3', { t: 'kits', attempt: 1, seal: other, member })
  }),
]

/** Acts that are refused, by every name that a history can show. */
export const REFUSED: readonly AuthorityCase[] = [
  refused('no-slots', PAIR, 'a member without slots invites', (it) => {
    it.write('d2', { t: 'invite', key: 'x', role: 'member', uses: 1 })
  }),
  refused('no-slots', PAIR, 'more uses than slots were given', (it) => {
    it.write('d1', { t: 'invite', key: 'x', role: 'member', uses: 4 })
  }),
  refused('invite-known', PAIR, 'one key for two invites', (it) => {
    it.write('d0', { t: 'invite', key: 'i2', role: 'venue', uses: 1 })
  }),
  refused('invite-unknown', PAIR, 'an invite that nobody issued', (it) => {
    it.write('d0', { t: 'admit', invite: 'nobody', device: 'd8', member: 'm8' })
  }),
  refused('invite-foreign', PAIR, 'an invite that another device issued', (it) => {
    it.do('d0', { t: 'invite', key: 'x', role: 'member', uses: 1 })
    it.write('d1', { t: 'admit', invite: 'x', device: 'd8', member: 'm8' })
  }),
  refused('invite-used', PAIR, 'an invite of one use for a second guest', (it) => {
    it.write('d0', { t: 'admit', invite: 'i2', device: 'd8', member: 'm8' })
  }),
  refused('invite-used', PAIR, 'an extension of another invite', (it) => {
    it.do('d0', { t: 'extend', key: 'i3', uses: 1 })
    it.write('d0', { t: 'admit', invite: 'i2', device: 'd8', member: 'm8' })
  }),
  refused('invite-unknown', PAIR, 'an extension of what nobody issued', (it) => {
    it.write('d0', { t: 'extend', key: 'nobody', uses: 1 })
  }),
  refused('invite-foreign', PAIR, 'an extension of what another device issued', (it) => {
    it.write('d1', { t: 'extend', key: 'i2', uses: 1 })
  }),
  refused('no-slots', PAIR, 'more uses added than slots are left', (it) => {
    it.do('d1', { t: 'invite', key: 'x', role: 'member', uses: 2 })
    it.write('d1', { t: 'extend', key: 'x', uses: 2 })
  }),
  refused('invite-full', PAIR, 'a use beyond those that one invite can have', (it) => {
    it.decide([['slots', 'd0', 300]], TWO)
    it.do('d0', { t: 'invite', key: 'x', role: 'member', uses: 64 })
    for (let n = 0; n < 3; n += 1) it.do('d0', { t: 'extend', key: 'x', uses: 64 })
    it.write('d0', { t: 'extend', key: 'x', uses: 1 })
  }),
  refused('invite-used', PAIR, 'an extension on the other branch of a chain that has parted', (it) => {
    const prev = it.lastOf('d0')
    it.do('d0', { t: 'extend', key: 'i2', uses: 1 })
    it.write('d0', { t: 'admit', invite: 'i2', device: 'd8', member: 'm8' }, { prev, seen: [] })
  }),
  refused('already-admitted', PAIR, 'a key that is on the roster', (it) => {
    it.write('d1', { t: 'device', device: 'd3', member: 'm2' })
  }),
  refused('device-closed', PAIR, 'a closed key, invited again', (it) => {
    it.decide([['close', 'd2']], TWO)
    it.do('d0', { t: 'invite', key: 'x', role: 'member', uses: 1 })
    it.write('d0', { t: 'admit', invite: 'x', device: 'd2', member: 'm2' })
  }),
  refused('member-unknown', PAIR, 'a device of nobody', (it) => {
    it.write('d1', { t: 'device', device: 'd8', member: 'm8' })
  }),
  refused('member-removed', PAIR, 'a further device of a removed member', (it) => {
    it.decide([['remove', 'm2']], TWO)
    it.write('d1', { t: 'device', device: 'd2b', member: 'm2' })
  }),
  refused('left', PAIR, 'a device that left asks for something', (it) => {
    it.do('d2', { t: 'leave', withKit: false })
    it.write('d2', { t: 'propose', changes: [['floor', 1]] })
  }),
  refused('left', PAIR, 'a steward that left approves', (it) => {
    const proposal = it.do('d2', { t: 'propose', changes: [['floor', 1]] }).id
    it.do('d1', { t: 'leave', withKit: false })
    it.write('d1', { t: 'approve', proposal })
  }),
  refused('epoch-outdated', PAIR, 'a signature that cites the parent of an epoch it knows', (it) => {
    const { id } = it.tip
    const seal = it.record()
    it.seal(seal, TWO)
    it.write('d0', { t: 'sign', round: 0, seal }, { epoch: id })
  }),
  refused('not-steward', PAIR, 'a member suspends another', (it) => {
    it.write('d2', { t: 'suspend', device: 'd3' })
  }),
  refused('not-steward', PAIR, 'a member approves', (it) => {
    const proposal = it.do('d2', { t: 'propose', changes: [steward(2)] }).id
    it.write('d2', { t: 'approve', proposal })
  }),
  refused('not-steward', PAIR, 'a member supports a record', (it) => {
    it.write('d2', support(it, 2))
  }),
  refused('not-steward', PAIR, 'a demoted steward advances', (it) => {
    it.decide([['demote', 'm1']], TWO)
    it.write('d1', { t: 'advance', round: 1 })
  }),
  refused('suspension-quota', FOUR, 'a fifth suspension in one epoch', (it) => {
    for (const device of ['d2', 'd3', 'd4', 'd5']) it.do('d0', { t: 'suspend', device })
    it.write('d0', { t: 'suspend', device: 'd9' })
  }),
  refused('device-unknown', PAIR, 'a suspension of a device that nobody admitted', (it) => {
    it.write('d0', { t: 'suspend', device: 'd8' })
  }),
  refused('role', PAIR, 'an observer asks for something', (it) => {
    it.write('d9', { t: 'propose', changes: [['floor', 1]] })
  }),
  refused('proposal-quota', PAIR, 'a seventeenth proposal in one epoch', (it) => {
    for (let n = 0; n < 16; n += 1) it.do('d2', { t: 'propose', changes: [['floor', 1]] })
    it.write('d2', { t: 'propose', changes: [['floor', 1]] })
  }),
  refused('proposal-unknown', PAIR, 'a will on a proposal that its author has not seen', (it) => {
    const proposal = it.do('d2', { t: 'propose', changes: [['floor', 1]] }).id
    it.write('d1', { t: 'approve', proposal }, { seen: [] })
  }),
  refused('proposal-unknown', PAIR, 'a will on what is no proposal', (it) => {
    it.write('d1', { t: 'approve', proposal: (it.lastOf('d2') as Commit).id })
  }),
  refused('proposal-decided', PAIR, 'a will on what the line has decided', (it) => {
    const decision = it.approved([['floor', 1]], TWO)
    it.seal(it.record({ decision }), TWO)
    it.write('d1', { t: 'decline', proposal: decision?.proposal ?? '' })
  }),
  refused('record', PAIR, 'a recovery in a ballot', (it) => {
    it.write('d0', { t: 'support', round: 0, seal: recovery(it, steward(2)) })
  }),
  refused('parent', PAIR, 'a record that follows another epoch', (it) => {
    it.write('d0', { t: 'support', round: 0, seal: it.record({ parent: 'coop' }) })
  }),
  refused('height', PAIR, 'a record that leaps', (it) => {
    it.write('d0', { t: 'support', round: 0, seal: it.record({ height: 3 }) })
  }),
  refused('frontier-unknown', PAIR, 'a frontier that the supporter has not seen', (it) => {
    const { id, seq } = it.do('d2', null)
    it.write('d0', { t: 'support', round: 0, seal: it.record({ frontier: [['d2', seq, id]] }) }, { seen: [] })
  }),
  refused('frontier-unknown', PAIR, 'a commit under the name of another device', (it) => {
    const { id, seq } = it.lastOf('d2') as Commit
    it.write('d0', { t: 'support', round: 0, seal: it.record({ frontier: [['d3', seq, id]] }) })
  }),
  refused('frontier-off-branch', PAIR, "a frontier before the parent's", (it) => {
    const { id, seq } = it.lastOf('d2') as Commit
    it.do('d2', null)
    it.seal(it.record({ frontier: it.frontier(['d2']) }), TWO)
    it.write('d0', { t: 'support', round: 0, seal: it.record({ frontier: [['d2', seq, id]] }) })
  }),
  refused('frontier-twice', PAIR, 'two commits of one device', (it) => {
    const { id, seq } = it.lastOf('d2') as Commit
    it.do('d2', null)
    const frontier = [['d2', seq, id] as const, ...it.frontier(['d2'])]
    it.write('d0', { t: 'support', round: 0, seal: it.record({ frontier }) })
  }),
  refused('frontier-doubtful', PAIR, 'a way of a fork, and no decision that chooses it', (it) => {
    const [one] = fork(it, 'd2')
    it.write('d0', { t: 'support', round: 0, seal: it.record({ frontier: [['d2', one.seq, one.id]] }) })
  }),
  refused('frontier-doubtful', PAIR, 'what a closed device wrote later', (it) => {
    it.decide([['close', 'd2']], TWO)
    it.do('d2', null)
    it.write('d0', { t: 'support', round: 0, seal: it.record({ frontier: it.frontier(['d2']) }) })
  }),
  refused('fork-unproven', PAIR, 'a fork that nobody has seen', (it) => {
    it.write('d0', { t: 'support', round: 0, seal: it.record({ forks: [['d2', 1]] }) })
  }),
  refused('not-left', PAIR, 'a device that did not leave', (it) => {
    it.write('d0', { t: 'support', round: 0, seal: it.record({ left: ['d2'] }) })
  }),
  refused('approval', PAIR, 'an approval that was taken back', (it) => {
    const decision = it.approved([['floor', 1]], TWO)
    it.do('d1', { t: 'decline', proposal: decision?.proposal ?? '' })
    it.write('d0', { t: 'support', round: 0, seal: it.record({ decision }) })
  }),
  refused('approval', PAIR, 'one steward approves twice', (it) => {
    const { id: proposal } = it.do('d0', { t: 'propose', changes: [['floor', 1]] })
    const prev = it.lastOf('d0')
    it.do('d2', null)
    const one = it.do('d0', { t: 'approve', proposal })
    const other = it.do('d0', { t: 'approve', proposal }, { prev, seen: [] })
    const decision = { proposal, approvals: [one.id, other.id].sort() }
    it.write('d1', { t: 'support', round: 0, seal: it.record({ decision }) })
  }),
  refused('approval', PAIR, 'an approval of something else', (it) => {
    const [one, other] = [it.approved([['floor', 1]], TWO), it.approved([['floor', 2]], TWO)]
    const decision = { proposal: one?.proposal ?? '', approvals: other?.approvals ?? [] }
    it.write('d0', { t: 'support', round: 0, seal: it.record({ decision }) })
  }),
  refused('no-quorum', PAIR, 'the approval of one steward of two', (it) => {
    it.write('d0', { t: 'support', round: 0, seal: it.record({ decision: it.approved([['floor', 1]], ['d0']) }) })
  }),
  refused('decision-unfit', PAIR, 'all stewards are demoted', (it) => {
    const changes: Change[] = [['demote', 'm0'], ['demote', 'm1']]
    it.write('d0', { t: 'support', round: 0, seal: it.record({ decision: it.approved(changes, TWO) }) })
  }),
  refused('decision-unfit', PAIR, 'a steward signs with the device of another', (it) => {
    const decision = it.approved([['steward', 'm2', 'd1']], TWO)
    it.write('d0', { t: 'support', round: 0, seal: it.record({ decision }) })
  }),
  refused('decision-unfit', PAIR, 'what was decided is decided again', (it) => {
    const decision = it.approved([['slots', 'd2', 1]], TWO)
    it.seal(it.record({ decision }), TWO)
    it.write('d0', { t: 'support', round: 0, seal: it.record({ decision }) })
  }),
  refused('supported-another', FOUR, 'a second record in one round', (it) => {
    it.do('d0', support(it, 4))
    it.write('d0', support(it, 5))
  }),
  refused('not-prepared', FOUR, 'a signature of what two of four support', (it) => {
    it.do('d0', support(it, 4))
    it.write('d1', { ...support(it, 4), t: 'sign' })
  }),
  refused('round-closed', FOUR, 'a support in a round that nobody has opened', (it) => {
    it.write('d0', support(it, 4, 1))
  }),
  refused('round-closed', FOUR, 'a support in a round that two of four have opened', (it) => {
    for (const device of TWO) it.do(device, { t: 'advance', round: 1 })
    it.write('d0', support(it, 4, 1))
  }),
  refused('round-passed', FOUR, 'a support in a round that its chain gave up', (it) => {
    it.do('d0', { t: 'advance', round: 1 })
    it.write('d0', support(it, 4))
  }),
  refused('round-passed', FOUR, 'a round that its chain is in', (it) => {
    it.do('d0', { t: 'advance', round: 1 })
    it.write('d0', { t: 'advance', round: 1 })
  }),
  refused('round-ahead', FOUR, 'a round beyond one that is not open', (it) => {
    for (const device of TWO) it.do(device, { t: 'advance', round: 1 })
    it.write('d0', { t: 'advance', round: 2 })
  }),
  refused('prepared-another', FOUR, 'another record than a quorum supported in the round before', (it) => {
    const act = support(it, 4)
    for (const device of THREE) it.do(device, act)
    for (const device of THREE) it.do(device, { t: 'advance', round: 1 })
    it.write('d3', support(it, 5, 1))
  }),
  refused('recovery-rule', PAIR, 'kits, where devices recover', (it) => {
    it.write('d0', { t: 'kits', attempt: 0, seal: recovery(it, steward(2)), member: 'm0' })
  }),
  refused('recovery-rule', KITS, 'devices, where kits recover', (it) => {
    it.write('d0', { t: 'recover', attempt: 0, seal: recovery(it, steward(2)) })
  }),
  refused('not-elector', PAIR, 'a member whom no frontier has settled', (it) => {
    it.admit(5)
    it.write('d5', { t: 'recover', attempt: 0, seal: recovery(it, steward(2)) })
  }),
  refused('not-elector', PAIR, 'an observer', (it) => {
    it.write('d9', { t: 'recover', attempt: 0, seal: recovery(it, steward(2)) })
  }),
  refused('record', PAIR, 'a bare seal as a recovery', (it) => {
    it.write('d0', { t: 'recover', attempt: 0, seal: it.record() })
  }),
  refused('height', PAIR, 'a recovery that leaps', (it) => {
    it.write('d0', { t: 'recover', attempt: 0, seal: it.record({ changes: [steward(2)], height: 9 }) })
  }),
  refused('decision-unfit', PAIR, 'a recovery that makes a stranger a steward', (it) => {
    it.write('d0', { t: 'recover', attempt: 0, seal: recovery(it, steward(8)) })
  }),
  refused('recovered-another', PAIR, 'two records at one attempt', (it) => {
    it.do('d0', { t: 'recover', attempt: 0, seal: recovery(it, steward(2)) })
    it.write('d0', { t: 'recover', attempt: 0, seal: recovery(it, steward(3)) })
  }),
  refused('unknown-epoch', PAIR, 'a commit that cites a seal whose certificate it does not know', (it) => {
    const before = it.lastOf('d2') as Commit
    it.seal(it.record(), TWO)
    it.write('d2', { t: 'propose', changes: [['floor', 1]] }, { prev: before, seen: [] })
  }),
]
