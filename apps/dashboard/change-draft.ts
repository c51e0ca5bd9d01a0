import { shownText } from '#apps/shown-text'
import type { Unit } from './ledger-types.ts'
import type { Change, Device, Government, Member, Role } from './node-types.ts'

/** What a person has chosen so far of a change to ask for. */
export interface Draft {
  kind: Change['kind']
  /** Key of a member, or PeerId of a device; empty for the first that there is. */
  member: string
  device: string
  role: Role
  /** Ids of events, with commas or blanks between them. */
  events: string
  count: number
  quorum: Government['rule']
  recovery: Government['recovery']
  right: 'issue' | 'credit'
  /** Id of a unit; empty for the first that there is. */
  unit: string
  /** As text by the unit's scale. */
  amount: string
  /** PeerId of a silent device. */
  lost: string
}

/** The change that a draft means; null while something is missing. */
export function changeOf(
  draft: Draft,
  members: readonly Member[],
  units: readonly Unit[] = [],
): Change | null {
  const member = draft.member || (membersFor(draft.kind, members)?.[0]?.member ?? '')
  const device = draft.device || (devicesFor(draft, members)?.[0]?.device ?? '')
  switch (draft.kind) {
    case 'remove':
    case 'demote':
      return member === '' ? null : { kind: draft.kind, member }
    case 'close':
    case 'lift':
      return device === '' ? null : { kind: draft.kind, device }
    case 'steward':
      return member === '' || device === '' ? null : { kind: 'steward', member, device }
    case 'role': {
      const scopes = draft.events.split(/[\s,]+/).filter((it) => it !== '')
      const scoped = scopes.length === 0 ? {} : { scopes }
      return member === '' ? null : { kind: 'role', member, role: draft.role, ...scoped }
    }
    case 'slots':
      return device === '' || !(draft.count >= 1) ? null : { kind: 'slots', device, count: draft.count }
    case 'rules':
      return { kind: 'rules', quorum: draft.quorum, recovery: draft.recovery }
    case 'allow':
    case 'replace': {
      const unit = draft.unit || (unitsFor(units)[0]?.id ?? '')
      const amount = draft.amount.trim()
      if (device === '' || unit === '' || amount === '') return null
      if (draft.kind === 'allow') return { kind: 'allow', right: draft.right, device, unit, amount }
      const lost = lostDevice(draft, members)
      return lost === null || lost === device ? null : { kind: 'replace', device, unit, amount, lost }
    }
  }
}

/** Units that seals can issue: not those of which each one exists once. */
export function unitsFor(units: readonly Unit[]): Unit[] {
  return units.filter((it) => it.kind !== 'admission')
}

/** The silent device that a draft is about: the one that is chosen, else the first that is not this one. */
export function lostDevice(draft: Draft, members: readonly Member[]): string | null {
  return draft.lost || (lostDevices(members)[0]?.device ?? null)
}

/** Devices that may be silent, with names; those that nobody reaches come first. */
export function lostDevices(members: readonly Member[]): { device: string; text: string }[] {
  return members
    .flatMap((member) => member.devices.map((device) => ({ member, device })))
    .filter((it) => !it.device.isSelf)
    .sort((a, b) => Number(a.device.isConnected) - Number(b.device.isConnected))
    .map(({ member, device }) => ({
      device: device.device,
      text: `${memberText(member)} / ${shownText(device.name)} (${presence(device)})`,
    }))
}

function presence({ isConnected, standing }: Device): string {
  if (standing.status === 'closed' || standing.status === 'left' || standing.status === 'suspended')
    return standing.status
  return isConnected ? 'connected now' : 'not connected'
}

/** Members that a change can be about; null where it is about none. */
export function membersFor(kind: Change['kind'], members: readonly Member[]): readonly Member[] | null {
  const inside = members.filter((it) => it.devices.some(isOpen))
  switch (kind) {
    case 'demote':
      return members.filter((it) => it.isSteward)
    case 'steward':
      return members.filter((it) => it.devices.some(canSignAnew))
    case 'remove':
    case 'role':
      return inside
    case 'close':
    case 'lift':
    case 'slots':
    case 'rules':
    case 'allow':
    case 'replace':
      return null
  }
}

/** Devices that a change can be about, with names; null where it is about none. */
export function devicesFor(
  draft: Draft,
  members: readonly Member[],
): { device: string; text: string }[] | null {
  const named = (
    of: readonly Member[],
    isMeant: (device: Device) => boolean,
  ): { device: string; text: string }[] =>
    of.flatMap((it) =>
      it.devices
        .filter(isMeant)
        .map(({ device, name }) => ({ device, text: `${memberText(it)} / ${shownText(name)}` })),
    )
  switch (draft.kind) {
    case 'steward': {
      const chosen = draft.member || (membersFor('steward', members)?.[0]?.member ?? '')
      return named(
        members.filter((it) => it.member === chosen),
        canSignAnew,
      )
    }
    case 'slots':
    case 'close':
    case 'allow':
      return named(members, isOpen)
    case 'replace': {
      const lost = lostDevice(draft, members)
      return named(members, (it) => isOpen(it) && it.device !== lost)
    }
    case 'lift':
      return named(members, (it) => it.standing.status === 'suspended')
    case 'remove':
    case 'demote':
    case 'role':
    case 'rules':
      return null
  }
}

/** True for a device that can sign for its member from now on; of a steward one that does not yet. */
export function canSignAnew(device: Device): boolean {
  return isOpen(device) && !device.isSigner
}

/** True for a device that is in the co-op. */
function isOpen({ standing }: Device): boolean {
  return standing.status === 'active' || standing.status === 'suspended'
}

/** A member by name; of those that look alike with the beginning of the key. */
export function memberText({ name, member, looksLike }: Member): string {
  return looksLike.length === 0 ? shownText(name) : `${shownText(name)} (${member.slice(0, 8)})`
}
