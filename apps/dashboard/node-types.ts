/** Role of a member. */
export type Role = 'steward' | 'member' | 'venue' | 'archive' | 'observer'

/** What went wrong and what to do next, in words for people. */
export interface Problem {
  code: string
  message: string
  next: string
  /** Of a file that is wrong: what and where. */
  lines?: readonly FileFault[]
}

/** What is wrong in one place of a file, and what to write instead. */
export interface FileFault {
  /** From 1; 0 for the file as a whole. */
  line: number
  /** From 1; 0 for the line as a whole. */
  column: number
  columnName: string
  message: string
}

/** `GET /v1/status`. */
export interface Status {
  version: string
  coop: string | null
  name: string | null
  device: string
  deviceName: string | null
  member: string | null
  memberName: string | null
  role: Role | null
  epoch: string | null
  /** Who decides; null before there is a co-op. */
  authority: (Government & { height: number; pending: number; waiting: number; recoveries: number }) | null
  standing: Standing | null
  headsRoot: string | null
  mesh: 'running' | 'paused' | 'off'
  addresses: string[]
  /** Addresses of the pages for phones at gates and stalls; none without a door for them. */
  phones: string[]
  peers: number
  slots: number
  commits: number
  documents: Record<
    string,
    {
      /** Null unless the document is whole here. */
      stateHash: string | null
      commits: number
      refused: number
      state: DocumentState
      missing: number
    }
  >
  warnings: Problem[]
  dataFolder: string
  isKeySealed: boolean
}

/** A member by name. */
export interface MemberName {
  member: string
  name: string
}

/** A device by name. */
export interface DeviceName extends MemberName {
  device: string
  deviceName: string
}

/** Who decides, and by which rules. */
export interface Government {
  stewards: (MemberName & { device: string })[]
  quorum: number
  rule: 'two-thirds' | 'majority'
  recovery: 'member-quorum' | 'kits'
}

/** How a device stands, and why. */
export interface Standing {
  status: 'active' | 'suspended' | 'closed' | 'left' | null
  suspensions: { commit: string; by: DeviceName; reason: string }[]
  closedBy: { proposal: string; reason: string; height: number } | null
}

/** A proposal, with what it would change. */
export interface Proposal {
  id: string
  by: DeviceName
  reason: string
  changes: { kind: string; text: string }[]
  approved: MemberName[]
  declined: MemberName[]
  missing: MemberName[]
  quorum: number
  own: 'approved' | 'declined' | null
  canSign: boolean
  state: 'open' | 'approved' | 'decided' | 'unfit'
  misfit: string | null
  effect: Effect | null
}

/** What a decision would make of the co-op. */
export interface Effect extends Government {
  joining: MemberName[]
  leaving: MemberName[]
  removed: MemberName[]
  closed: (DeviceName & { commits: number; kept: number })[]
  /** What closed devices hold, and what their loss accounts bear by the decision. */
  atRisk: { device: DeviceName; amounts: string[]; isReplaced: boolean }[]
  floor: number | null
  late: { device: string; name: string; commits: number }[]
}

/** A change as the node takes it: members by their keys, devices by their PeerIds. */
export type Change =
  | { kind: 'remove' | 'demote'; member: string }
  | { kind: 'close' | 'lift'; device: string }
  | { kind: 'steward'; member: string; device: string }
  | { kind: 'role'; member: string; role: Role; scopes?: string[] }
  | { kind: 'slots'; device: string; count: number }
  | { kind: 'rules'; quorum: Government['rule']; recovery: Government['recovery'] }
  /** The device may issue, or draw on credit, so much more of the unit; amounts as text by its scale. */
  | { kind: 'allow'; right: 'issue' | 'credit'; device: string; unit: string; amount: string }
  /** The device gets so much in the place of what `lost` holds and is silent about. */
  | { kind: 'replace'; device: string; unit: string; amount: string; lost: string }

/** What a recovery can change. */
export type RecoveryChange = Extract<Change, { kind: 'steward' }> | { kind: 'demote'; member: string }

/** What changes would make of the co-op. */
export interface Preview {
  changes: { kind: string; text: string }[]
  misfit: string | null
  effect: Effect | null
}

/** A recovery that members are speaking for. */
export interface Recovery {
  id: string
  changes: { text: string }[]
  attempt: number
  voices: MemberName[]
  silent: MemberName[]
  elsewhere: MemberName[]
  quorum: number
  missing: number
  own: 'voiced' | 'elsewhere' | null
  effect: Government
}

/** `GET /v1/recoveries`. */
export interface Recoveries {
  rule: Government['recovery']
  electors: MemberName[]
  quorum: number
  /** Why this device has no voice; null when it has one, or where kits speak. */
  obstacle: string | null
  running: Recovery[]
  last: { height: number; voices: MemberName[]; before: MemberName[]; isFinal: boolean } | null
}

/** How many of those who must agree may be lost. */
export interface Room {
  count: number
  quorum: number
  room: number
}

/** `GET /v1/kits`. */
export interface Kits {
  members: (MemberName & {
    isSteward: boolean
    signs: (DeviceName & { status: string; lastCommitAtMs: number | null }) | null
    isElector: boolean
    why: string | null
  })[]
  stewards: Room
  recovery: Room
}

/** A decision of the stewards, or another seal. */
export interface Seal extends Government {
  id: string
  height: number
  kind: 'founding' | 'decision' | 'bare' | 'recovery'
  decided: { by: DeviceName; reason: string; changes: { text: string }[] } | null
  recovered: { changes: { text: string }[]; voices: MemberName[]; isFinal: boolean } | null
  signedBy: MemberName[]
  sealedAtMs: number | null
}

/** Answer of found and join; the words of a new kit exist nowhere else. */
export interface Entered {
  coop: string
  name: string
  device: string
  member: string
  /** Null when the person brought a kit. */
  recoveryKit: { words: string; note: string } | null
}

/** The folder of this device got a key of its own. */
export interface Renewed {
  device: string
  replaces: string
  member: string
  deviceName: string
  isReady: boolean
}

/** Why a device is suspended: it signed two commits of one number. */
export interface Suspension {
  reason: 'fork'
  device: string
  seq: number
  commits: string[]
}

/** A device of a member. */
export interface Device {
  device: string
  name: string
  standing: Standing
  /** True when it signs for its member, a steward. */
  isSigner: boolean
  isSelf: boolean
  isConnected: boolean
  commits: number
  suspension: Suspension | null
  /** PeerId of the key that took its place, or null. */
  replacedBy: string | null
}

/** A member with devices. */
export interface Member {
  member: string
  name: string
  /** Names of other members that look like this one. */
  looksLike: string[]
  role: Role
  isSteward: boolean
  devices: Device[]
}

/** An invite that this co-op remembers. */
export interface OpenInvite {
  invite: string
  role: Role
  uses: number
  used: number
  expiresAtMs: number
  isRevoked: boolean
  isIssuerSuspended: boolean
}

/** Somebody who proved an invite of this device when it was used up. */
export interface Guest {
  /** PeerId. */
  device: string
  name: string
  deviceName: string
  invite: string
  role: Role
  /** Among those who wait for this invite, from 1. */
  place: number
  sinceMs: number
}

/** `GET /v1/members`. */
export interface Members {
  members: Member[]
  invites: OpenInvite[]
  /** Who waits for an invite of this device. */
  waiting: Guest[]
  /** Set when one more loss leaves nobody who can decide. */
  quorumWarning: string | null
}

/** A new invite; only its maker ever sees the link. */
export interface Invite {
  link: string
  invite: string
  role: Role
  uses: number
  expiresAtMs: number
}

/** Another device as this one sees it. */
export interface Peer {
  device: string
  name: string
  state: 'synced' | 'syncing' | 'connected' | 'away' | 'suspended' | 'closed'
  address: string | null
  bytesIn: number
  bytesOut: number
  lastClose: string | null
  faults: { count: number; reason: string; awayUntilMs: number } | null
  suspension: Suspension | null
}

/** An asset of the co-op. */
export interface Asset {
  cid: string
  name: string
  bytes: number
  kind: 'file' | 'directory'
  isHeld: boolean
  holders: { device: string; name: string; isConnected: boolean }[]
  listing: string
  listedBy: string
  listedAtMs: number
  canUnlist: boolean
}

/** What an upload added. */
export interface Added {
  assets: { path: string; cid: string; bytes: number }[]
  skipped: { path: string; reason: string }[]
}

/** What a fetch brought. */
export interface Fetched {
  cid: string
  bytes: number
  from: string[]
  fetchedBytes: number
}

/** Progress of an upload or fetch. */
export interface Progress {
  doneBytes: number
  totalBytes: number
}

/** A board in the list. */
export interface BoardSummary {
  id: string
  commits: number
  refused: number
  state: DocumentState
}

/** Whether a document is here: parts of it may be missing, or this device does not keep it. */
export type DocumentState = 'whole' | 'incomplete' | 'declined'

/** What a token is for. */
export type Scope = 'read-only' | 'till' | 'gate' | 'supervisor' | 'deploy' | 'admin'

/** A token of the API, without its secret. */
export interface Token {
  id: string
  name: string
  scope: Scope
  createdAtMs: number
  expiresAtMs: number | null
  lastUse: { atMs: number; from: string; call: string } | null
}

/** A token that was just made; its secret exists nowhere else. */
export interface NewToken extends Token {
  secret: string
}

/** Parts of the page's data that an event can name. */
export type Topic = 'status' | 'members' | 'peers' | 'assets' | 'boards' | 'ledger'
