import type { Role } from './node-types.ts'

/** What each role may do, for people who choose one. */
export const ROLE_TEXT: Readonly<Record<Role, { name: string; meaning: string }>> = {
  steward: { name: 'Steward', meaning: 'Runs the co-op: invites, decides, edits everything.' },
  member: { name: 'Member', meaning: 'Adds assets and edits all boards.' },
  venue: { name: 'Venue', meaning: 'A stall or shop: edits boards and adds assets, also while cut off.' },
  archive: { name: 'Archive', meaning: 'Keeps copies safe; takes away only what it wrote itself.' },
  observer: { name: 'Observer', meaning: 'Reads along and changes nothing.' },
}

/** Roles that an invite can give. */
export const INVITED_ROLES = ['member', 'venue', 'archive', 'observer'] as const
