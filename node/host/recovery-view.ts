import type { AuthorityState, Epoch, Rescue } from '#protocol/authority'
import type { Engine } from '#node/engine'
import type { Replica } from '#protocol/replica'
import { changeView, governmentView } from './proposal-view.ts'
import type { ChangeView, GovernmentView } from './proposal-view.ts'
import { RecoveryTally } from './recovery-tally.ts'
import type { Tally } from './recovery-tally.ts'
import { RosterNames } from './roster-names.ts'
import type { MemberName } from './roster-names.ts'
import { shownTime } from './shown-time.ts'

/** Recoveries that one answer tells of. A guess: honest electors are about one; a cheat can write any number. */
export const RECOVERIES_SHOWN_MAX = 16

/** A recovery that electors are speaking for. */
export interface RecoveryView {
  /** Id of the record, hex. */
  id: string
  changes: ChangeView[]
  /** From 0. Voices of two attempts do not add up. */
  attempt: number
  voices: MemberName[]
  /** Electors who have said nothing in this attempt. */
  silent: MemberName[]
  /** Electors who have spoken for something else in this attempt. */
  elsewhere: MemberName[]
  /** Voices that are needed, and how many of them are missing. With the last one it is in force, at once. */
  quorum: number
  missing: number
  /** What this device's member has said in this attempt. */
  own: 'voiced' | 'elsewhere' | null
  /** When the first voice was written, by its author's clock; null when that cannot be read. */
  begunAtMs: number | null
  /** Who decides once it is in force. */
  effect: GovernmentView
}

/** A recovery of the line. */
export interface RecoveredView {
  id: string
  height: number
  changes: ChangeView[]
  voices: MemberName[]
  /** False while a seal of the stewards before could still take its place: nothing follows it yet. */
  isFinal: boolean
  /** Those who decided before. */
  before: MemberName[]
}

/** How the co-op can be recovered, and what is under way. */
export interface RecoveriesView {
  /** `member-quorum`: a device of each member speaks. `kits`: the recovery kit of each, on any device. */
  rule: GovernmentView['recovery']
  electors: MemberName[]
  quorum: number
  /** Why this device cannot speak, in words; null when it can (by the rule `kits`, with the kit of an elector). */
  obstacle: string | null
  running: RecoveryView[]
  /** The last recovery of the line; null when there was none. */
  last: RecoveredView | null
}

/** How the co-op can be recovered, and what is under way. */
export async function recoveriesView(engine: Engine): Promise<RecoveriesView> {
  const { replica } = engine
  const tally = new RecoveryTally(replica)
  const names = new RosterNames(replica.authority)
  const running: RecoveryView[] = []
  for (const it of tally.running().slice(0, RECOVERIES_SHOWN_MAX))
    running.push(await recoveryView(engine, it, tally))
  return {
    rule: replica.authority.epochs.tip.rules.recovery,
    electors: [...tally.electors].sort().map((it) => names.member(it)),
    quorum: tally.quorum,
    obstacle: obstacleOf(replica, tally),
    running,
    last: lastRecovery(replica),
  }
}

/** One recovery that is under way. */
async function recoveryView(engine: Engine, it: Tally, tally: RecoveryTally): Promise<RecoveryView> {
  const { authority, device } = engine.replica
  const names = new RosterNames(authority)
  const named = (members: readonly string[]): MemberName[] => members.map((member) => names.member(member))
  const { rescue, attempt, voices, elsewhere } = it
  const own = authority.devices.get(device ?? '')?.member ?? ''
  const silent = [...tally.electors].filter((elector) => !voices.includes(elector))
  return {
    id: rescue.name,
    changes: rescue.changes.map((change) => changeView(change, names)),
    attempt,
    voices: named(voices),
    silent: named(silent.filter((elector) => !elsewhere.includes(elector)).sort()),
    elsewhere: named(elsewhere),
    quorum: tally.quorum,
    missing: Math.max(0, tally.quorum - voices.length),
    own: voices.includes(own) ? 'voiced' : elsewhere.includes(own) ? 'elsewhere' : null,
    begunAtMs: await begunAt(engine, rescue),
    effect: governmentView(rescue.held.outcome, names),
  }
}

/** Why this device cannot speak for a recovery; null when it can. */
export function obstacleOf({ authority, device }: Replica, tally: RecoveryTally): string | null {
  const { rules } = authority.epochs.tip
  if (rules.recovery === 'kits') return null
  const entry = authority.devices.get(device ?? '')
  const names = new RosterNames(authority)
  if (entry === undefined) return 'this device is not on the roster yet'
  const status = authority.roster.statusOf(device ?? '', authority.epochs.tip)
  if (status !== 'active') return 'this device is closed or has left'
  if (tally.electors.has(entry.member)) return null
  const why = electorObstacle(authority, entry.member)
  return `${names.memberText(entry.member)} is no elector: ${why}`
}

/** Why a member (hex) that is no elector is none, in words. */
export function electorObstacle(authority: AuthorityState, member: string): string {
  const { tip } = authority.epochs
  const own = authority.devicesOf(member)
  if (own.length === 0) return 'no member of this co-op'
  if (own.every((it) => authority.roster.statusOf(it, tip) !== 'active')) return 'none of its devices is open'
  if (own.every((it) => authority.roleOf(it) === 'observer')) return 'an observer reads along'
  return 'its admission came after the last seal'
}

/** What every device is told while members are about to make stewards; null when nobody is. */
export function recoveryWarning(replica: Replica): { code: string; message: string; next: string } | null {
  const { authority, device } = replica
  if (authority.recovery.rescuesAt(authority.epochs.tip).length > 0) {
    const tally = new RecoveryTally(replica)
    const [first] = tally.running()
    if (first === undefined) return null
    const names = new RosterNames(authority)
    const asks = first.rescue.changes.map((it) => changeView(it, names).text).join('; ')
    const isSigner = authority.epochs.tip.signers.has(device ?? '')
    const take = 'Read it under Decisions, or with `coop recover`; take part with `coop recover voice ID`.'
    const end = 'If a quorum of the stewards is in touch, any decision of theirs ends it.'
    return {
      code: 'recovery-running',
      message: `members are recovering the co-op, ${first.voices.length} of ${tally.quorum} voices: ${asks}`,
      next: isSigner ? `${take} ${end}` : take,
    }
  }
  return displacedWarning(replica)
}

/** What a device is told that signed for a steward until members recovered the co-op without it. */
function displacedWarning({
  authority,
  device,
}: Replica): { code: string; message: string; next: string } | null {
  const { tip } = authority.epochs
  const own = device ?? ''
  const recovery = recoveryOf(tip)
  if (recovery?.parent?.signers.has(own) !== true || tip.signers.has(own)) return null
  const names = new RosterNames(authority)
  return {
    code: 'recovered',
    message:
      `members recovered the co-op while its stewards were gone (seal ${recovery.height}): ` +
      `this device signs for no steward any more`,
    next: `\`coop history\` shows what they changed. ${names.stewardsText()} decide now; any of them, or any member, may ask: \`coop propose add-steward MEMBER\`.`,
  }
}

/** The last recovery of the line with who spoke for it. */
export function lastRecovery({ authority, history }: Replica): RecoveredView | null {
  const epoch = recoveryOf(authority.epochs.tip)
  return epoch === null ? null : recoveredView({ authority, history }, epoch)
}

/** A recovery of the line; null when an epoch is none. */
export function recoveredView(
  { authority, history }: Pick<Replica, 'authority' | 'history'>,
  epoch: Epoch,
): RecoveredView | null {
  if (!epoch.isRecovery || epoch.parent === null) return null
  const names = new RosterNames(authority)
  const tally = new RecoveryTally({ authority, history }, epoch.parent)
  const rescue = authority.recovery.rescuesAt(epoch.parent).find((it) => it.name === epoch.name)
  return {
    id: epoch.name,
    height: epoch.height,
    changes: (rescue?.changes ?? []).map((it) => changeView(it, names)),
    voices: tally.committedBy(epoch.name).map((it) => names.member(it)),
    isFinal: epoch.children.length > 0,
    before: [...epoch.parent.stewards.keys()].sort().map((it) => names.member(it)),
  }
}

function recoveryOf(tip: Epoch): Epoch | null {
  for (let at: Epoch | null = tip; at !== null; at = at.parent) if (at.isRecovery) return at
  return null
}

async function begunAt(engine: Engine, rescue: Rescue): Promise<number | null> {
  const orders = [...rescue.voices.values()].flatMap((voices) => [...voices.values()].flat())
  const first = Math.min(...orders)
  if (!Number.isFinite(first)) return null
  const [record] = await engine.read([first])
  return record === undefined ? null : shownTime(record.header.timeMs)
}
