import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import type { Oracle } from './oracle.ts'
import { rosterOf } from './roster.ts'
import type { Subject } from './subject.ts'
import type { Act, Change, Commit, SealRecord } from './world.ts'

/** Ids that a subject gives to what the world holds; keys of devices and members are ids too. */
export interface Naming {
  device(name: string): string
  member(name: string): string
  invite(name: string): string
  /** Of a commit whose links and act are renamed already. */
  commit(commit: Omit<Commit, 'id'>): string
  /** Of a record that is renamed already. */
  seal(record: Omit<SealRecord, 'id'>): string
  /** Told of each commit that is renamed, in order. */
  added?(commit: Commit): void
}

/**
 * Delivers commits in this order and demands, after each, what the oracle says of it; of the roster, which follows from all
 * that is stored, where `isPlace` says so, and at the end.
 *
 * @param oracle - knows what the subject knows
 */
export function expectAgreement(
  subject: Subject,
  oracle: Oracle,
  order: Iterable<Commit>,
  isPlace: () => boolean = () => true,
): void {
  for (const commit of order) {
    const isBased = [commit.prev, ...commit.seen].every((it) => it === null || oracle.commits.has(it))
    if (!isBased) continue
    const refusal = oracle.refusal(commit)
    expectEqual(subject.deliver(commit), refusal, commit)
    if (refusal !== null) continue
    oracle.add(commit)
    expectEqual(subject.verdict(commit), oracle.verdict(commit), commit)
    if (isPlace()) expectRoster(subject, oracle)
  }
  expectRoster(subject, oracle)
}

/** Demands that the subject says of everything what the oracle says. */
export function expectSame(subject: Subject, oracle: Oracle): void {
  for (const commit of oracle.commits) expectEqual(subject.verdict(commit), oracle.verdict(commit), commit)
  expectRoster(subject, oracle)
}

/** An assertion costs more than most commits, so it is left to explain the difference. */
function expectEqual(said: string | null, foreseen: string | null, { act }: Commit): void {
  if (said !== foreseen) expect(said, JSON.stringify(act)).toBe(foreseen)
}

function expectRoster(subject: Subject, oracle: Oracle): void {
  // Before its first commit there is nobody to agree on.
  if (oracle.commits.size === 0) return
  const [said, foreseen] = [subject.roster(), rosterOf(oracle)]
  // Ten times faster than `toEqual`, which is left to explain the difference.
  if (!isDeepStrictEqual(said, foreseen)) expect(said).toEqual(foreseen)
}

/**
 * The same history with the ids of a subject. Rules that order by id, or choose the lower one, say other things of it:
 * the oracle has to be asked about the renamed history.
 */
export function renamed(commits: Iterable<Commit>, coop: string, naming: Naming): Map<Commit, Commit> {
  const done = new Map<Commit, Commit>()
  const made = new Map<string, Commit>()
  const ids = new Map<string, string>([['coop', coop]])
  const of = (id: string): string => ids.get(id) ?? id
  const seal = ({ id, ...record }: SealRecord): SealRecord => {
    const { decision } = record
    const draft = {
      ...record,
      parent: of(record.parent),
      decision:
        decision === null
          ? null
          : {
              proposal: of(decision.proposal),
              // What differs in the world may be one for the subject.
              approvals: [...new Set(decision.approvals.map(of))].sort(),
            },
      frontier: record.frontier
        .map(([device, seq, commit]) => [naming.device(device), seq, of(commit)] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
      forks: record.forks
        .map(([device, seq]) => [naming.device(device), seq] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
      left: record.left.map((it) => naming.device(it)).sort(),
      changes: record.changes?.map((it) => renamedChange(it, naming, of)) ?? null,
    }
    const made = naming.seal(draft)
    ids.set(id, made)
    return { ...draft, id: made }
  }
  for (const commit of commits) {
    const draft = {
      device: naming.device(commit.device),
      seq: commit.seq,
      prev: commit.prev === null ? null : (done.get(commit.prev) as Commit),
      seen: commit.seen.map((it) => done.get(it) as Commit),
      epoch: of(commit.epoch),
      act: commit.act === null ? null : renamedAct(commit.act, naming, of, seal),
    }
    const id = naming.commit(draft)
    ids.set(commit.id, id)
    // Two that differ in what the subject's bytes do not say are one.
    const known = made.get(id)
    const one = known ?? { ...draft, id }
    done.set(commit, one)
    made.set(id, one)
    if (known === undefined) naming.added?.(one)
  }
  return done
}

function renamedAct(
  act: Act,
  naming: Naming,
  of: (id: string) => string,
  seal: (record: SealRecord) => SealRecord,
): Act {
  switch (act.t) {
    case 'genesis':
    case 'leave':
    case 'advance':
      return act
    case 'invite':
    case 'extend':
      return { ...act, key: naming.invite(act.key) }
    case 'admit':
      return {
        t: 'admit',
        invite: naming.invite(act.invite),
        device: naming.device(act.device),
        member: naming.member(act.member),
      }
    case 'device':
      return { t: 'device', device: naming.device(act.device), member: naming.member(act.member) }
    case 'suspend':
      return { t: 'suspend', device: naming.device(act.device) }
    case 'propose':
      return { t: 'propose', changes: act.changes.map((it) => renamedChange(it, naming, of)) }
    case 'approve':
    case 'decline':
      return { t: act.t, proposal: of(act.proposal) }
    case 'support':
    case 'sign':
    case 'recover':
      return { ...act, seal: seal(act.seal) }
    case 'kits':
      return { ...act, seal: seal(act.seal), member: naming.member(act.member) }
  }
}

function renamedChange(change: Change, naming: Naming, of: (id: string) => string): Change {
  switch (change[0]) {
    case 'remove':
    case 'demote':
      return [change[0], naming.member(change[1])]
    case 'close':
      return ['close', naming.device(change[1])]
    case 'steward':
      return ['steward', naming.member(change[1]), naming.device(change[2])]
    case 'role':
      return ['role', naming.member(change[1]), change[2]]
    case 'slots':
      return ['slots', naming.device(change[1]), change[2]]
    case 'lift':
      return ['lift', of(change[1])]
    case 'settle':
      return ['settle', naming.device(change[1]), change[2], of(change[3])]
    case 'rules':
    case 'floor':
      return change
  }
}
