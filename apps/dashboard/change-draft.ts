import { shownText } from '#apps/shown-text'
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
}

/** The change that a draft means; null while something is missing. */
export function changeOf(draft: Draft, members: readonly Member[]): Change | null {
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
  }
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
      return named(members, isOpen)
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
