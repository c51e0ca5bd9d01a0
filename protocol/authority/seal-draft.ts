import { compareBytes, fromHex, toHex } from '../encoding/index.ts'
import type { AuthorityState } from './authority-state.ts'
import type { Proposal } from './decisions.ts'
import { FORKS_MAX, FRONTIER_MAX, LEFT_MAX, encodeSeal } from './seal-record.ts'
import type { FrontierRow, SealRecord } from './seal-record.ts'

/** The last good commit of a chain that is here. */
export interface ChainEnd {
  /** Device, hex. */
  device: string
  seq: number
  commit: Uint8Array
  order: number
}

/** What a record is drafted from. */
export interface DraftParts {
  authority: AuthorityState
  coop: Uint8Array
  /** Of each chain the last good commit that this device's next commit knows. */
  ends: readonly ChainEnd[]
  /** Devices (hex) that are known to have parted, with the lowest seq known. */
  forks: readonly { device: string; seq: number }[]
}

/** What there is to seal beside decisions. */
export interface SealNews {
  frontier: readonly FrontierRow[]
  forks: SealRecord['forks']
  left: readonly Uint8Array[]
}

/**
 * What a record that follows the tip can tell beside a decision. Suspended chains stay where they are, but for devices that
 * the decision closes or that leave: what is good of them stays good.
 */
export function newsOf(parts: DraftParts, decision: Proposal | null): SealNews {
  const { authority, ends, forks } = parts
  const { epochs } = authority
  const { tip } = epochs
  const left = authority.leaving.slice(0, LEFT_MAX)
  const closing = new Set([...left, ...closedBy(authority, decision)])
  const isFrozen = (device: string): boolean =>
    !closing.has(device) && authority.statusOf(device) === 'suspended'
  const settled = (decision?.changes ?? []).flatMap((it) => (it.kind === 'settle' ? [it] : []))
  const named = new Set(settled.map((it) => toHex(it.device)))
  const rows = ends
    .filter(
      (it) =>
        !named.has(it.device) && !isFrozen(it.device) && epochs.frontiers.at(it.device, tip) !== it.order,
    )
    .map(({ device, seq, commit }) => ({ device: keyOf(device), seq, commit }))
  const first = [
    ...settled.map(({ device, seq, commit }) => ({ device, seq, commit })),
    ...rows.filter((it) => closing.has(toHex(it.device))),
  ]
  const others = rows.filter((it) => !closing.has(toHex(it.device)))
  // Where not all fit, each record begins with others.
  const start = others.length <= FRONTIER_MAX ? 0 : (tip.height * FRONTIER_MAX) % others.length
  const frontier = [...first, ...others.slice(start), ...others.slice(0, start)].slice(0, FRONTIER_MAX)
  const isNew = (it: { device: string; seq: number }): boolean =>
    it.seq < (epochs.forks.at(it.device, tip) ?? Infinity)
  const fresh = forks.filter(isNew).slice(0, FORKS_MAX)
  return {
    frontier: frontier.sort((a, b) => compareBytes(a.device, b.device)),
    forks: fresh
      .map(({ device, seq }) => ({ device: keyOf(device), seq }))
      .sort((a, b) => compareBytes(a.device, b.device)),
    left: left.map(keyOf).sort(compareBytes),
  }
}

/** Bytes of a record that follows the tip. */
export function draftSeal(parts: DraftParts, news: SealNews, decision: SealRecord['decision']): Uint8Array {
  const { tip } = parts.authority.epochs
  const place = { coop: parts.coop, parent: tip.id, height: tip.height + 1 }
  return encodeSeal({ ...place, decision, ...news, changes: null })
}

/** Approvals of a quorum of the tip's stewards, as a record lists them; null while there is none. */
export function approvalsOf(authority: AuthorityState, proposal: Proposal): Uint8Array[] | null {
  const { tip } = authority.epochs
  const approvals = [...authority.decisions.willsOn(toHex(proposal.id), tip).values()]
    .filter((it) => it.isApproval)
    .map((it) => it.commit)
    .sort(compareBytes)
  return approvals.length < tip.quorum ? null : approvals.slice(0, tip.quorum)
}

/** Devices (hex) that a decision closes. */
function closedBy(authority: AuthorityState, decision: Proposal | null): string[] {
  const members = new Set<string>()
  const devices: string[] = []
  for (const change of decision?.changes ?? [])
    if (change.kind === 'close') devices.push(toHex(change.device))
    else if (change.kind === 'remove') members.add(toHex(change.member))
  if (members.size === 0) return devices
  for (const member of members) devices.push(...authority.devicesOf(member))
  return devices
}

function keyOf(hex: string): Uint8Array {
  return fromHex(hex) ?? new Uint8Array(32)
}
