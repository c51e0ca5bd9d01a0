import type { Act, VoidReason } from '#protocol/evaluation'
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
}

/** Takes the acts of a commit one by one off what is left behind its credits. */
export function debit(commit: WorldCommit, own: OracleVerdict, ground: DebitGround): Debited {
  const { rules } = ground
  const debited: Debited = {
    reason: null,
    stands: [],
    left: new Map(own.left),
    defined: new Set(own.defined),
  }
  for (const [index, act] of commit.acts.entries()) {
    const reason = refusal(commit, act, debited, ground)
    if (reason !== null && rules.commitsStandWhole)
      return { reason, stands: [], left: own.left, defined: own.defined }
    if (reason !== null) continue
    debited.stands.push(index)
    if (act.kind === 'define') {
      debited.defined.add(act.unit)
      if (rules.suppliesAreIssued) add(debited.left, `${act.unit}+`, act.supply)
      continue
    }
    add(debited.left, act.unit, -act.amount)
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
  return null
}

/** The definition of a unit by a valid commit before this one, in its past. */
function definitionIn({ id, past }: WorldCommit, unit: string, { world, verdicts }: DebitGround): Act | undefined {
  for (const it of ids(past)) {
    if (it === id) continue
    const { acts } = world.at(it)
    const found = verdicts.get(it)?.stands.find((at) => acts[at]?.kind === 'define' && acts[at]?.unit === unit)
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
