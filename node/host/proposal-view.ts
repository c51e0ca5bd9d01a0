import type { AuthorityState, Change, Epoch, Outcome, Proposal, Rules } from '#protocol/authority'
import { isHeld } from '#protocol/evaluation'
import { LEDGER } from '#protocol/ledger'
import type { LedgerState } from '#protocol/ledger'
import { showAmount } from '#protocol/ledger/money'
import { quorumOf } from '#protocol/authority'
import { fromHex, toHex } from '#protocol/encoding'
import type { Replica } from '#protocol/replica'
import { misfitOf, outcomeFor } from './authority-desk.ts'
import type { Asked } from './authority-desk.ts'
import { RosterNames } from './roster-names.ts'
import type { DeviceName, MemberName } from './roster-names.ts'
import { shownText } from '#apps/shown-text'

/** A change in words, with what it names. Text is safe to show. */
export interface ChangeView {
  kind: Change['kind']
  text: string
  /** The member's recovery key, hex; null when the change names none. */
  member: string | null
  /** PeerId; null when the change names none. */
  device: string | null
}

/** Who decides under an epoch. */
export interface GovernmentView {
  stewards: (MemberName & { device: string })[]
  /** Stewards that must agree. */
  quorum: number
  rule: Rules['quorum']
  recovery: Rules['recovery']
}

/** A device that a decision closes, and what becomes of what it wrote. */
export interface ClosedView extends DeviceName {
  /** Commits of it that are here. */
  commits: number
  /** Of these, those that the seal keeps. */
  kept: number
}

/** What a proposal would make of the co-op. */
export interface EffectView extends GovernmentView {
  joining: MemberName[]
  leaving: MemberName[]
  removed: MemberName[]
  closed: ClosedView[]
  /** The oldest epoch still good outside the frontier; null when it stays. */
  floor: number | null
  /** Commits that are good now and would be late: those above the frontier that cite an epoch below the new floor. */
  late: { device: string; name: string; commits: number }[]
  /**
   * What devices hold that the decision closes, with amounts as text: nobody can be handed that any more. A seal may issue it
   * anew; then the loss account of the device bears what it has sold meanwhile. And what such accounts bear by this decision.
   */
  atRisk: { device: DeviceName; amounts: string[]; isReplaced: boolean }[]
}

/** A proposal as people weigh it. */
export interface ProposalView {
  id: string
  by: DeviceName
  reason: string
  changes: ChangeView[]
  approved: MemberName[]
  declined: MemberName[]
  /** Stewards who have said nothing. */
  missing: MemberName[]
  /** Stewards that must approve. */
  quorum: number
  /** What this device's steward said; null for nothing. */
  own: 'approved' | 'declined' | null
  /** True when this device signs for a steward. */
  canSign: boolean
  state: 'open' | 'approved' | 'decided' | 'unfit'
  /** Why it cannot become a seal as things are; null when it can. */
  misfit: string | null
  effect: EffectView | null
}

/** What changes would make of the co-op, before anybody asks for them. */
export interface PreviewView {
  changes: ChangeView[]
  /** Why they cannot become a seal as things are; null when they can. */
  misfit: string | null
  effect: EffectView | null
}

/** What changes would make of the co-op. Nothing is written. */
export function previewView(replica: Replica, asked: Asked): PreviewView {
  const names = new RosterNames(replica.authority)
  return {
    changes: asked.changes.map((it) => changeView(it, names, amountIn(replica))),
    misfit: misfitOf(replica.authority, asked, names),
    effect: effectOf(replica, asked, names),
  }
}

/** Open proposals, the newest last, and how many wait for this device. */
export function proposalsView(replica: Replica): { proposals: ProposalView[]; waiting: number } {
  const { decisions, epochs } = replica.authority
  const proposals = decisions.open(epochs.tip).map((it) => proposalView(replica, it))
  return { proposals, waiting: proposals.filter(isWaiting).length }
}

/** How many decisions are open, and how many of them wait for this device. Cheap: for every status. */
export function pendingCounts(replica: Replica): { pending: number; waiting: number } {
  const { decisions, epochs } = replica.authority
  const own = epochs.tip.signers.get(replica.device ?? '')
  const open = decisions.open(epochs.tip)
  const isUnsaid = (it: Proposal): boolean =>
    own !== undefined && !decisions.willsOn(toHex(it.id), epochs.tip).has(own)
  return { pending: open.length, waiting: open.filter(isUnsaid).length }
}

/** One proposal, decided or not. */
export function proposalView(replica: Replica, proposal: Proposal): ProposalView {
  const { authority } = replica
  const { epochs, decisions } = authority
  const { tip } = epochs
  const names = new RosterNames(authority)
  const id = toHex(proposal.id)
  const isDecided = epochs.decided.has(id, tip)
  const wills = decisions.willsOn(id, tip)
  const said = (isApproval: boolean): MemberName[] =>
    [...wills].filter(([, it]) => it.isApproval === isApproval).map(([steward]) => names.member(steward))
  const approved = said(true)
  const misfit = isDecided ? null : misfitOf(authority, proposal, names)
  const steward = tip.signers.get(replica.device ?? '')
  const own = steward === undefined ? undefined : wills.get(steward)
  const hasQuorum = approved.length >= tip.quorum
  return {
    id,
    by: names.device(proposal.device),
    reason: shownText(proposal.reason),
    changes: proposal.changes.map((it) => changeView(it, names, amountIn(replica))),
    approved,
    declined: said(false),
    missing: [...tip.stewards.keys()].filter((it) => !wills.has(it)).map((it) => names.member(it)),
    quorum: tip.quorum,
    own: own === undefined ? null : own.isApproval ? 'approved' : 'declined',
    canSign: steward !== undefined && !isDecided,
    state: isDecided ? 'decided' : misfit !== null ? 'unfit' : hasQuorum ? 'approved' : 'open',
    misfit,
    effect: isDecided ? null : effectOf(replica, proposal, names),
  }
}

/** A change in words. */
export function changeView(
  change: Change,
  names: RosterNames,
  amountText: (unit: string, amount: bigint) => string = (unit, amount) => `${amount} of ${unit}`,
): ChangeView {
  const view = (text: string, key: { member?: Uint8Array; device?: Uint8Array } = {}): ChangeView => ({
    kind: change.kind,
    text,
    member: key.member === undefined ? null : toHex(key.member),
    device: key.device === undefined ? null : names.device(toHex(key.device)).device,
  })
  const of = (member: Uint8Array): string => names.memberText(toHex(member))
  const at = (device: Uint8Array): string => names.deviceText(toHex(device))
  switch (change.kind) {
    case 'remove':
      return view(`remove the member ${of(change.member)} with all its devices`, change)
    case 'demote':
      return view(`end the stewardship of ${of(change.member)}`, change)
    case 'close':
      return view(`close the device ${at(change.device)} for good`, change)
    case 'steward':
      return view(`make ${of(change.member)} a steward, for whom ${at(change.device)} signs`, change)
    case 'role': {
      const scope = change.scopes === null ? '' : `, for ${change.scopes.join(', ')} only`
      return view(`give ${of(change.member)} the role ${change.role}${scope}`, change)
    }
    case 'rules':
      return view(`set the rules: ${RULE_TEXT[change.quorum]}; ${RECOVERY_TEXT[change.recovery]}`)
    case 'slots':
      return view(`let ${at(change.device)} admit ${change.count} more`, change)
    case 'lift':
      return view(`lift the suspension ${toHex(change.commit).slice(0, 8)}`)
    case 'settle':
      return view(
        `settle ${at(change.device)} at its commit ${change.seq}, ${toHex(change.commit).slice(0, 8)}`,
        { device: change.device },
      )
    case 'floor':
      return view(
        `raise the floor to ${change.height}: what cites an older seal and is not final becomes late`,
      )
    case 'allow': {
      const what = change.right === 'issue' ? 'issue' : 'draw on credit'
      const text = `let ${at(change.device)} ${what} ${amountText(change.unit, change.amount)} more`
      return view(text, { device: change.device })
    }
    case 'replace': {
      const text =
        `give ${at(change.device)} ${amountText(change.unit, change.amount)} in the place of what ${at(change.lost)} holds: ` +
        'if that device has sold or used it, its loss account bears it'
      return view(text, { device: change.device })
    }
  }
}

/** Who decides under an epoch. */
export function governmentView(
  { stewards, rules }: Pick<Epoch, 'stewards' | 'rules'>,
  names: RosterNames,
): GovernmentView {
  return {
    stewards: [...stewards].map(([member, device]) => ({
      ...names.member(member),
      device: names.device(device).device,
    })),
    quorum: quorumOf(stewards.size, rules.quorum),
    rule: rules.quorum,
    recovery: rules.recovery,
  }
}

const RULE_TEXT: Readonly<Record<Rules['quorum'], string>> = {
  'two-thirds': 'more than two thirds of the stewards decide',
  majority: 'more than half of the stewards decide, and one who signs twice can split the co-op',
}
const RECOVERY_TEXT: Readonly<Record<Rules['recovery'], string>> = {
  'member-quorum': 'members may recover the co-op when the stewards are gone',
  kits: 'recovery kits may recover the co-op when the stewards are gone',
}

function isWaiting({ canSign, own }: ProposalView): boolean {
  return canSign && own === null
}

function effectOf(replica: Replica, proposal: Asked, names: RosterNames): EffectView | null {
  const { authority } = replica
  const { tip } = authority.epochs
  const outcome = outcomeFor(authority, proposal)
  if (outcome === null) return null
  const isOf = (members: ReadonlyMap<string, string>, others: ReadonlyMap<string, string>): MemberName[] =>
    [...members.keys()].filter((it) => !others.has(it)).map((it) => names.member(it))
  const removed = new Set(outcome.removed)
  const closed = new Set(outcome.closed)
  for (const [device, { member }] of authority.devices)
    if (removed.has(member) && authority.roster.statusOf(device, tip) === 'active') closed.add(device)
  return {
    ...governmentView(outcome, names),
    joining: isOf(outcome.stewards, tip.stewards),
    leaving: isOf(tip.stewards, outcome.stewards),
    removed: outcome.removed.map((it) => names.member(it)),
    closed: [...closed].sort().map((it) => ({ ...names.device(it), ...keptOf(replica, it) })),
    floor: outcome.floor,
    late: outcome.floor === null ? [] : lateBelow(replica, { floor: outcome.floor, closed, names }),
    atRisk: atRisk(replica, { closed, outcome, names }),
  }
}

/** What the devices that are closed hold, and what a decision issues against loss accounts. */
function atRisk(
  replica: Replica,
  { closed, outcome, names }: { closed: ReadonlySet<string>; outcome: Outcome; names: RosterNames },
): EffectView['atRisk'] {
  const { books } = replica.document(LEDGER) as LedgerState
  const text = amountIn(replica)
  const stranded = [...closed].sort().map((device) => {
    const held = [...books.accountsOf(device)].filter(([account, amount]) => isHeld(account) && amount > 0n)
    const amounts = held.map(([unit, amount]) => text(unit, amount)).sort()
    return { device: names.device(device), amounts, isReplaced: false }
  })
  const replaced = outcome.allowances.flatMap(({ against, unit, amount }) =>
    against === undefined
      ? []
      : [{ device: names.device(against), amounts: [text(unit, amount)], isReplaced: true }],
  )
  return [...stranded.filter((it) => it.amounts.length > 0), ...replaced]
}

/** Commits of a device (hex) that are here, and how many of them a seal that closes it keeps. */
function keptOf({ history, epochs }: Replica, device: string): { commits: number; kept: number } {
  const number = history.findDevice(fromHex(device) ?? NO_KEY)
  if (number < 0) return { commits: 0, kept: 0 }
  let commits = 0
  let kept = 0
  for (const end of history.endsOf(number)) {
    commits = Math.max(commits, history.seqOf(end) + 1)
    kept = Math.max(kept, epochs.ground.goodUpTo(end) + 1)
  }
  return { commits, kept }
}

/** What would be late by a new floor. A chain's first commit outside the frontier that cites an epoch below it, and all after. */
function lateBelow(
  replica: Replica,
  { floor, closed, names }: { floor: number; closed: ReadonlySet<string>; names: RosterNames },
): EffectView['late'] {
  const { history, epochs, authority } = replica
  const found: EffectView['late'] = []
  for (let number = 0; number < history.deviceCount; number += 1) {
    const device = toHex(history.keyOf(number))
    const [end = -1] = history.endsOf(number)
    if (end < 0 || closed.has(device)) continue
    const settled = authority.epochs.frontiers.at(device, authority.epochs.tip)
    let first = -1
    for (let at = end; at >= 0 && at !== settled; at = history.prevOf(at)) {
      const epoch = authority.epochs.find(epochs.idOf(at))
      if (epoch !== null && epoch.height < floor) first = history.seqOf(at)
    }
    if (first < 0) continue
    const { name, deviceName } = names.device(device)
    const commits = history.seqOf(end) - first + 1
    found.push({ device: names.device(device).device, name: `${name}/${deviceName}`, commits })
  }
  return found
}

const NO_KEY: Uint8Array = new Uint8Array(32)

/** State of the authority document as a whole, for `status`. */
export function authorityView(replica: Replica): GovernmentView & {
  height: number
  pending: number
  waiting: number
  recoveries: number
} {
  const { authority } = replica
  const names = new RosterNames(authority)
  const { tip } = authority.epochs
  const recoveries = authority.recovery.rescuesAt(tip).length
  return { ...governmentView(tip, names), height: tip.height, ...pendingCounts(replica), recoveries }
}

/** What is said when one more loss among the stewards would leave nobody who can decide; null while there is room. */
export function quorumWarning(authority: AuthorityState): string | null {
  const names = new RosterNames(authority)
  const { tip } = authority.epochs
  const lost = [...tip.stewards].filter(([, device]) => authority.statusOf(device) !== 'active')
  const active = tip.stewards.size - lost.length
  if (tip.stewards.size === 0 || active > tip.quorum) return null
  const stewards = `${tip.quorum} of ${tip.stewards.size} stewards must agree`
  const away = lost.map(([member, device]) => `${names.memberText(member)} is ${authority.statusOf(device)}`)
  const because = [stewards, ...away].join(', ')
  const next = 'Another steward gives room: `coop propose add-steward MEMBER`. With four, one may be missing.'
  const recover = 'If they do not come back, members recover the co-op: `coop recover`.'
  if (active < tip.quorum) return `Nothing can be decided without those who are out: ${because}. ${recover}`
  if (tip.stewards.size > 1) return `One loss away from nobody who can decide: ${because}. ${next}`
  const [only = ''] = tip.stewards.keys()
  return `One loss away from nobody who can decide: ${names.memberText(only)} is the only steward. ${next}`
}

/** Amounts with the codes of their units, as this replica knows them. */
export function amountIn(replica: Replica): (unit: string, amount: bigint) => string {
  const ledger = replica.document(LEDGER) as LedgerState
  return (unit, amount) => showAmount(amount, ledger.unit(unit) ?? { code: unit, scale: 0 })
}
