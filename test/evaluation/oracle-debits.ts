import type { Act, Fact, Transfer, VoidReason } from '#protocol/evaluation'
import type { OracleVerdict } from './oracle.ts'
import type { Rules } from './rules.ts'
import { has, ids, keyOf } from './world.ts'
import type { World, WorldCommit, WorldSeal } from './world.ts'

/** What the debits of a commit are judged by. */
export interface DebitGround {
  readonly world: World
  readonly rules: Rules
  /** Verdicts of all commits of its past, and its own so far. */
  readonly verdicts: ReadonlyMap<number, OracleVerdict>
  /** Line of the epoch that it cites. */
  readonly line: readonly WorldSeal[]
}

/** What became of a commit's acts. */
export interface Debited {
  reason: VoidReason | null
  /** Places of the acts that stand. */
  stands: number[]
  left: Map<string, bigint>
  defined: Set<string>
  bound: Map<string, bigint>
}

/** Takes the acts of a commit one by one off what is left behind its credits. */
export function debit(commit: WorldCommit, own: OracleVerdict, ground: DebitGround): Debited {
  const { rules } = ground
  const debited: Debited = {
    reason: null,
    stands: [],
    left: new Map(own.left),
    defined: new Set(own.defined),
    bound: new Map(own.bound),
  }
  const accepted = unitsAccepted(commit, ground)
  const debits = commit.acts.flatMap((act) => (act.kind === 'define' ? [] : [unitOf(act.unit)]))
  const others = new Set(debits.filter((unit) => !accepted.has(unit)))
  bindAnew(commit, debited.bound, others, ground)
  for (const [index, act] of commit.acts.entries()) {
    const reason = refusal(commit, act, debited, ground)
    if (reason !== null && rules.commitsStandWhole)
      return { reason, stands: [], left: own.left, defined: own.defined, bound: own.bound }
    if (reason !== null) continue
    debited.stands.push(index)
    if (act.kind === 'define') {
      debited.defined.add(act.unit)
      if (rules.suppliesAreIssued) add(debited.left, `${act.unit}+`, act.supply)
      continue
    }
    add(debited.left, act.unit, -act.amount)
    if (act.kind === 'fact') carryBound(act, debited.bound)
    if (act.kind === 'fact' && act.into !== undefined && rules.movesArrive)
      add(debited.left, act.into, act.amount)
  }
  return debited
}

function refusal(commit: WorldCommit, act: Act, so: Debited, ground: DebitGround): VoidReason | null {
  const { world, rules } = ground
  if (isMalformed(act, keyOf(commit.device), rules)) return 'malformed'
  if (act.kind === 'define') return rules.definesOnce && so.defined.has(act.unit) ? 'defined-twice' : null
  const unit = unitOf(act.unit)
  const isDefined = so.defined.has(unit) || definitionIn(commit, unit, ground) !== undefined
  if (world.demandsUnits && rules.unitsAreDemanded && !isDefined) return 'unknown-unit'
  if ((so.left.get(act.unit) ?? 0n) < act.amount) return 'uncovered'
  const isPassedOn = act.kind === 'transfer' && rules.relayIsLimited
  const free = (so.left.get(act.unit) ?? 0n) - (so.bound.get(act.unit) ?? 0n)
  return isPassedOn && act.amount > free ? 'relay-limit' : null
}

/** Units of which a commit accepts something. */
export function unitsAccepted(commit: WorldCommit, ground: DebitGround): Set<string> {
  return new Set(acceptedBy(commit.id, ground).map((it) => it.unit))
}

/** Counts anew what is bound of units that the commit accepts or debits: what it may not pass on. */
export function bindAnew(
  commit: WorldCommit,
  bound: Map<string, bigint>,
  units: Iterable<string>,
  ground: DebitGround,
): void {
  const { world, line } = ground
  for (const unit of units) {
    const definition = definitionIn(commit, unit, ground)
    const limit = definition?.kind === 'define' && world.demandsUnits ? definition.relayMax : null
    if (limit === null) continue
    const outside = ids(commit.chain).filter((id) => !isUnderFrontier(world, world.at(id), line))
    const beyond = (commits: number[]): bigint => {
      const amounts = commits.flatMap((id) => acceptedBy(id, ground)).filter((it) => it.unit === unit)
      const fresh = amounts.reduce((total, it) => total + it.amount, 0n)
      return fresh > limit ? fresh - limit : 0n
    }
    const before = beyond(outside.filter((id) => id !== commit.id))
    let room = before
    for (const account of ['', '+', '-', '~', '=', '!'].map((mark) => unit + mark)) {
      const kept = least(bound.get(account) ?? 0n, room)
      bound.set(account, kept)
      room -= kept
    }
    add(bound, unit, beyond(outside) - before)
  }
}

/** Transfers that a commit accepts. */
function acceptedBy(id: number, { world, verdicts }: DebitGround): Transfer[] {
  return (verdicts.get(id)?.accepts ?? []).map((name) => {
    const [commit, index] = name.split('.').map(Number) as [number, number]
    return world.at(commit).acts[index] as Transfer
  })
}

/** What a fact takes is bound first, and stays so where it goes. */
function carryBound({ unit, amount, into }: Fact, bound: Map<string, bigint>): void {
  const carried = least(bound.get(unit) ?? 0n, amount)
  add(bound, unit, -carried)
  if (into !== undefined) add(bound, into, carried)
}

function least(one: bigint, other: bigint): bigint {
  return one < other ? one : other
}

/** The definition of a unit by a valid commit before this one, in its past. */
function definitionIn(
  { id, past }: WorldCommit,
  unit: string,
  { world, verdicts }: DebitGround,
): Act | undefined {
  for (const it of ids(past)) {
    if (it === id) continue
    const { acts } = world.at(it)
    const found = verdicts
      .get(it)
      ?.stands.find((at) => acts[at]?.kind === 'define' && acts[at]?.unit === unit)
    if (found !== undefined) return acts[found]
  }
  return undefined
}

/** True when the newest frontier of the line that names the device is at the commit or behind it. */
export function isUnderFrontier(world: World, commit: WorldCommit, line: readonly WorldSeal[]): boolean {
  return line.some((seal) => {
    const head = seal.frontier.get(commit.device)
    return head !== undefined && has(world.at(head).chain, commit.id)
  })
}

/** What an act says by itself that no author may say. */
function isMalformed(act: Act, author: string, { amountsAreBounded }: Rules): boolean {
  const isOutside = (amount: bigint, least: bigint): boolean =>
    amountsAreBounded && (amount < least || amount >= 2n ** 63n)
  if (act.kind === 'define') {
    const isLimitOutside = act.relayMax !== null && isOutside(act.relayMax, 0n)
    return act.unit === '' || unitOf(act.unit) !== act.unit || isOutside(act.supply, 0n) || isLimitOutside
  }
  if (isOutside(act.amount, 1n)) return true
  if (act.kind === 'transfer') return act.to === author || unitOf(act.unit) !== act.unit
  return act.into !== undefined && (act.into === act.unit || unitOf(act.into) !== unitOf(act.unit))
}

/** The unit of an account, whose name has one of these signs behind the unit's for all but what is held. */
export function unitOf(account: string): string {
  return account.replace(/[-+~=!]$/, '')
}

/** Adds to an amount of a table. */
export function add(amounts: Map<string, bigint>, key: string, amount: bigint): void {
  amounts.set(key, (amounts.get(key) ?? 0n) + amount)
}
