import { toHex } from '#protocol/encoding'
import { deviceText } from '#protocol/identity'
import type { Replica } from '#protocol/replica'
import type { CoopNode } from './coop-node.ts'
import { damageWarnings } from './damage-warnings.ts'
import { documentViews } from './document-desk.ts'
import type { DocumentViews } from './document-desk.ts'
import { authorityView, quorumWarning } from './proposal-view.ts'
import { recoveryWarning } from './recovery-view.ts'
import { shownTime } from './shown-time.ts'
import { lookOf } from '#apps/shown-text'
import { standingView, standingWarning } from './standing-view.ts'
import type { StandingView } from './standing-view.ts'
import { suspensionView, suspensionWarnings } from './suspension-view.ts'
import type { SuspensionView } from './suspension-view.ts'
import { VERSION } from './version.ts'

/** What `coop status` and the page show. */
export async function statusView(node: CoopNode) {
  const membership = node.membershipOrNull
  const base = {
    version: VERSION,
    device: node.device,
    mesh: node.meshState,
    addresses: node.mesh?.addresses() ?? [],
    phones: [...node.phones()],
    peers: node.mesh?.connectedDevices().length ?? 0,
    warnings: warningsOf(node),
    dataFolder: node.folder.path,
    isKeySealed: node.key.isSealed,
  }
  if (membership === null) {
    return {
      ...base,
      ...{ coop: null, name: null, deviceName: null, member: null, memberName: null, role: null },
      ...{ epoch: null, authority: null, standing: null },
      ...{ headsRoot: null, slots: 0, commits: 0, documents: {} as DocumentViews },
    }
  }
  const { replica } = membership.engine
  const own = replica.device ?? ''
  const entry = replica.authority.devices.get(own)
  const { documents, damaged } = await documentViews(membership.engine)
  return {
    ...base,
    warnings: [...warningsOf(node), ...damaged],
    coop: toHex(membership.coop),
    name: membership.genesis.name,
    deviceName: entry?.deviceName ?? null,
    member: entry?.member ?? null,
    memberName: entry?.memberName ?? null,
    role: replica.authority.roleOf(own),
    epoch: replica.authority.epochs.tip.name,
    authority: authorityView(replica),
    standing: standingView(replica.authority, own),
    headsRoot: toHex(replica.heads.root()),
    slots: replica.authority.slotsOf(own),
    commits: replica.logLength,
    documents,
  }
}

/** A member with its devices. */
interface MemberView {
  member: string
  name: string
  /** Names of other members that look like this one. */
  looksLike: string[]
  role: string
  isSteward: boolean
  devices: {
    device: string
    name: string
    role: string
    standing: StandingView
    /** True when it signs for its member, a steward. */
    isSigner: boolean
    isSelf: boolean
    isConnected: boolean
    commits: number
    /** Id of the last of these, be it late or not; null before the first. */
    lastCommit: string | null
    suspension: SuspensionView | null
    /** PeerId of the key that took its place, the first by its id; null when none did. */
    replacedBy: string | null
  }[]
}

/** What `coop members` shows: members with their devices, this co-op's invites, and who waits for one of this device. */
export function membersView(node: CoopNode) {
  const { engine } = node.membership
  const { replica } = engine
  const connected = new Set(node.mesh?.connectedDevices() ?? [])
  const replacedBy = new Map(
    [...replica.authority.devices.values()]
      .filter((it) => it.replaces !== null)
      .map((it) => [it.replaces, deviceText(it.key)] as const)
      .sort((a, b) => (a[1] < b[1] ? 1 : -1)),
  )
  const members = new Map<string, MemberView>()
  for (const [device, entry] of replica.authority.devices) {
    const { tip } = replica.authority.epochs
    const isSteward = tip.stewards.has(entry.member)
    const role = replica.authority.roleOf(device) ?? entry.role
    const row = members.get(entry.member) ?? {
      ...{ member: entry.member, name: entry.memberName, looksLike: [], isSteward },
      role: isSteward ? 'steward' : role,
      devices: [],
    }
    row.devices.push({
      device: deviceText(entry.key),
      name: entry.deviceName,
      role,
      standing: standingView(replica.authority, device),
      isSigner: tip.signers.has(device),
      isSelf: device === replica.device,
      isConnected: connected.has(device),
      commits: replica.lengthOf(device),
      lastCommit: lastCommitOf(replica, entry.key),
      suspension: suspensionView(engine.suspensionOf(device)),
      replacedBy: replacedBy.get(device) ?? null,
    })
    members.set(entry.member, row)
  }
  const invites = [...replica.authority.invites.values()].map((it) => ({
    invite: toHex(it.key),
    role: it.role,
    uses: it.uses,
    used: it.used,
    expiresAtMs: shownTime(it.expiresMs),
    isRevoked: it.isRevoked,
    isIssuerSuspended: engine.suspensionOf(it.issuer) !== null,
  }))
  for (const row of members.values())
    row.looksLike = [...members.values()]
      .filter((it) => it !== row && lookOf(it.name) === lookOf(row.name))
      .map((it) => it.name)
  const warning = quorumWarning(replica.authority)
  return {
    ...{ members: [...members.values()], invites, quorumWarning: warning },
    waiting: node.guests.waiting(),
  }
}

function lastCommitOf({ history }: Replica, device: Uint8Array): string | null {
  const ends = [...history.endsOf(history.findDevice(device))]
  const [last] = ends.sort((a, b) => history.seqOf(b) - history.seqOf(a))
  return last === undefined ? null : toHex(history.idOf(last))
}

/** What `coop peers` shows. */
export function peersView(node: CoopNode) {
  const { engine } = node.membership
  const { replica } = engine
  const views = node.mesh?.peers() ?? []
  const known = new Map(views.map((view) => [view.device, view]))
  return {
    peers: [...replica.authority.devices]
      .filter(([device]) => device !== replica.device)
      .map(([device, entry]) => {
        const view = known.get(device)
        const suspension = suspensionView(engine.suspensionOf(device))
        return {
          device: deviceText(entry.key),
          name: `${entry.memberName}/${entry.deviceName}`,
          status: replica.authority.statusOf(device),
          state: view?.state ?? (suspension === null ? 'away' : 'suspended'),
          address: view?.address ?? null,
          bytesIn: view?.bytesIn ?? 0,
          bytesOut: view?.bytesOut ?? 0,
          lastClose: view?.lastClose ?? null,
          faults: view?.faults ?? null,
          suspension,
        }
      }),
  }
}

function warningsOf(node: CoopNode): { code: string; message: string; next: string }[] {
  const warnings = []
  const failure = node.membershipOrNull?.engine.failure
  if (failure !== null && failure !== undefined) warnings.push(failure.toJSON().error)
  const incarnation = node.membershipOrNull?.incarnation
  const superseded = incarnation?.refusal ?? null
  if (superseded !== null) warnings.push(superseded.toJSON().error)
  else if (incarnation?.question.isOpen === true) warnings.push(ASKING)
  if (node.membershipOrNull !== null) {
    const { replica } = node.membershipOrNull.engine
    const { authority, device } = replica
    const standing = standingWarning(authority, device ?? '')
    if (standing !== null) warnings.push(standing)
    const recovery = recoveryWarning(replica)
    if (recovery !== null) warnings.push(recovery)
    warnings.push(...suspensionWarnings(node.membershipOrNull.engine))
  }
  warnings.push(...damageWarnings(node))
  if (node.mesh === null && node.meshFailure !== null) warnings.push(node.meshFailure.toJSON().error)
  if (!node.key.isSealed) {
    warnings.push({
      code: 'key-plain',
      message: 'the device key on this disk is protected by its file mode alone',
      next: 'To seal it, stop the node and run `coop passphrase set`.',
    })
  }
  return warnings
}

/** Shown while the next write would wait for a peer. */
const ASKING = {
  code: 'asking-peers',
  message: "asking another device for this device's last commit before it writes",
  next: 'Nothing to do: this device was not stopped in order, or was moved. Without an answer it writes after seconds.',
}
