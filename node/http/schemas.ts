import { z } from '@hono/zod-openapi'
import {
  CHANGES_MAX,
  PROPOSAL_REASON_MAX,
  SCOPES_MAX,
  SLOTS_GIVEN_MAX,
  SUSPENSION_REASON_MAX,
} from '#protocol/authority'
import { DEFAULT_SCOPE, SCOPES, TOKEN_LIFETIME_MS_MAX } from '#node/tokens'

/** Error body of every failed call. */
export const ErrorSchema = z
  .object({ error: z.object({ code: z.string(), message: z.string(), next: z.string() }) })
  .openapi('Error')

/** Bytes in hexadecimal. */
export const Hex = z.string().regex(/^[0-9a-f]{64}$/)
const Name = z.string().trim().min(1).max(64)
const RoleSchema = z.enum(['steward', 'member', 'venue', 'archive', 'observer'])

/** What a device has of one document. */
const DocumentSchema = z.object({
  stateHash: Hex.nullable().openapi({ description: 'Null unless the document is whole here' }),
  commits: z.number().int(),
  refused: z.number().int(),
  state: z
    .enum(['whole', 'incomplete', 'declined'])
    .openapi({ description: 'incomplete: payloads are missing; declined: not kept on this device' }),
  missing: z.number().int().openapi({ description: 'Commits whose payload for it is not here' }),
})

/** `GET /v1/documents`. */
export const DocumentsSchema = z
  .object({ documents: z.record(z.string(), DocumentSchema) })
  .openapi('Documents')

/** A member by name. */
export const MemberNameSchema = z.object({
  member: z.string().openapi({ description: "The member's recovery key in hex" }),
  name: z.string(),
})
/** A device by name. */
export const DeviceNameSchema = MemberNameSchema.extend({
  device: z.string().openapi({ description: 'PeerId' }),
  deviceName: z.string(),
})
const QuorumRule = z.enum(['two-thirds', 'majority'])
/** Who may recover the co-op. */
export const RecoveryRule = z.enum(['member-quorum', 'kits'])
/** Who decides, and by which rules. */
export const GovernmentSchema = z.object({
  stewards: z.array(
    MemberNameSchema.extend({ device: z.string().openapi({ description: 'Signs for the steward' }) }),
  ),
  quorum: z.number().int().openapi({ description: 'Stewards that must agree' }),
  rule: QuorumRule,
  recovery: RecoveryRule,
})

/** How a device stands, and why. */
const StandingSchema = z.object({
  status: z.enum(['active', 'suspended', 'closed', 'left']).nullable(),
  suspensions: z.array(z.object({ commit: Hex, by: DeviceNameSchema, reason: z.string() })),
  closedBy: z.object({ proposal: Hex, reason: z.string(), height: z.number().int() }).nullable(),
})

/** `GET /v1/status`. Before a co-op is founded or joined, `coop` is null. */
export const StatusSchema = z
  .object({
    version: z.string(),
    coop: Hex.nullable(),
    name: z.string().nullable(),
    device: z.string().openapi({ description: 'PeerId of this device' }),
    deviceName: z.string().nullable(),
    member: z.string().nullable().openapi({ description: "The member's recovery key in hex" }),
    memberName: z.string().nullable(),
    role: RoleSchema.nullable(),
    epoch: Hex.nullable().openapi({ description: 'Id of the last seal of the line' }),
    authority: GovernmentSchema.extend({
      height: z.number().int().openapi({ description: 'Seals since the founding' }),
      pending: z.number().int().openapi({ description: 'Open proposals' }),
      waiting: z.number().int().openapi({ description: 'Of these, those that wait for this device' }),
      recoveries: z.number().int().openapi({ description: 'Recoveries that members are speaking for' }),
    }).nullable(),
    standing: StandingSchema.nullable().openapi({ description: 'How this device stands' }),
    headsRoot: Hex.nullable(),
    mesh: z.enum(['running', 'paused', 'off']),
    addresses: z.array(z.string()),
    phones: z.array(z.string()).openapi({
      description: 'Addresses of the pages for phones at gates and stalls; none without a door for them',
    }),
    peers: z.number().int(),
    slots: z.number().int().openapi({ description: 'Admissions this device may still give away' }),
    commits: z.number().int(),
    documents: z.record(z.string(), DocumentSchema),
    warnings: z.array(z.object({ code: z.string(), message: z.string(), next: z.string() })),
    dataFolder: z.string(),
    isKeySealed: z.boolean(),
  })
  .openapi('Status')

/** `POST /v1/found`. */
export const FoundRequest = z
  .object({ name: Name, memberName: Name.optional(), deviceName: Name.optional() })
  .openapi('FoundRequest')

/** Answer of found and join: a new recovery kit is shown this once and kept nowhere. */
export const EnteredSchema = z
  .object({
    coop: Hex,
    name: z.string(),
    device: z.string(),
    member: z.string(),
    recoveryKit: z
      .object({ words: z.string(), note: z.string() })
      .nullable()
      .openapi({ description: 'Null when the person brought a kit' }),
  })
  .openapi('Entered')

/** Words of a recovery kit. */
export const KitWords = z.string().max(1_000).openapi({ description: 'The 24 words of a recovery kit' })

/** `POST /v1/join`. */
export const JoinRequestSchema = z
  .object({
    link: z.string().max(2_048),
    memberName: Name.optional(),
    deviceName: Name.optional(),
    kitWords: KitWords.optional(),
  })
  .openapi('JoinRequest')

/** `POST /v1/restore`. */
export const RestoreRequest = z
  .object({ kitWords: KitWords, deviceName: Name.optional() })
  .openapi('RestoreRequest')

/** The folder has a key of its own. */
export const RenewedSchema = z
  .object({
    device: z.string().openapi({ description: 'PeerId of the new key' }),
    replaces: z.string().openapi({ description: 'PeerId of the key before' }),
    member: Hex,
    deviceName: z.string(),
    isReady: z.boolean().openapi({ description: 'True once this device can write' }),
  })
  .openapi('Renewed')

/** `POST /v1/invites`. */
export const InviteRequest = z
  .object({
    role: z.enum(['member', 'venue', 'archive', 'observer']).default('member'),
    uses: z.number().int().min(1).max(64).default(1),
    expiresMs: z
      .number()
      .int()
      .positive()
      .openapi({ description: 'Lifetime from now in ms' })
      .default(7 * 86_400_000),
  })
  .openapi('InviteRequest')

/** A new invite. */
export const InviteSchema = z
  .object({ link: z.string(), invite: Hex, role: RoleSchema, uses: z.number(), expiresAtMs: z.number() })
  .openapi('Invite')

/** Why a device is suspended, with its proof; null when it is not. */
const SuspensionSchema = z
  .object({
    reason: z.enum(['fork']).openapi({ description: 'fork: it signed two commits of one number' }),
    device: z.string().openapi({ description: 'PeerId' }),
    seq: z.number().int().openapi({ description: 'Lowest number at which its histories part' }),
    commits: z.array(Hex).openapi({ description: 'Two of its commits of that number' }),
  })
  .nullable()

/** Somebody who proved an invite of this device when it was used up. */
export const GuestSchema = z
  .object({
    device: z.string().openapi({ description: 'PeerId' }),
    name: z.string(),
    deviceName: z.string(),
    invite: Hex,
    role: RoleSchema,
    place: z.number().openapi({ description: 'Among those who wait for this invite, from 1' }),
    sinceMs: z.number(),
  })
  .openapi('Guest')

/** `POST /v1/guests/admit`. */
export const AdmitGuestRequest = z
  .object({
    guest: z
      .string()
      .min(1)
      .max(200)
      .nullable()
      .openapi({ description: 'PeerId, key or its first 8 digits, or name; null for everybody' }),
  })
  .openapi('AdmitGuestRequest')

/** `GET /v1/members`. */
export const MembersSchema = z
  .object({
    members: z.array(
      z.object({
        member: z.string(),
        name: z.string(),
        looksLike: z
          .array(z.string())
          .openapi({ description: 'Names of other members that look like this one' }),
        role: RoleSchema,
        isSteward: z.boolean(),
        devices: z.array(
          z.object({
            device: z.string(),
            name: z.string(),
            role: RoleSchema,
            standing: StandingSchema,
            isSigner: z.boolean().openapi({ description: 'It signs for its member, a steward' }),
            isSelf: z.boolean(),
            isConnected: z.boolean(),
            commits: z.number(),
            lastCommit: Hex.nullable().openapi({ description: 'Id of the last of these, late or not' }),
            suspension: SuspensionSchema,
            replacedBy: z
              .string()
              .nullable()
              .openapi({ description: 'PeerId of the key that took its place' }),
          }),
        ),
      }),
    ),
    invites: z.array(
      z.object({
        invite: Hex,
        role: RoleSchema,
        uses: z.number(),
        used: z.number(),
        expiresAtMs: z.number(),
        isRevoked: z.boolean(),
        isIssuerSuspended: z.boolean().openapi({ description: 'Its issuer admits nobody any more' }),
      }),
    ),
    waiting: z.array(GuestSchema).openapi({ description: 'Who waits for an invite of this device' }),
    quorumWarning: z
      .string()
      .nullable()
      .openapi({ description: 'Set when one more loss leaves nobody who can decide' }),
  })
  .openapi('Members')

/** `GET /v1/peers`. */
export const PeersSchema = z
  .object({
    peers: z.array(
      z.object({
        device: z.string(),
        name: z.string(),
        status: StandingSchema.shape.status,
        state: z.enum(['synced', 'syncing', 'connected', 'away', 'suspended', 'closed']),
        address: z.string().nullable(),
        bytesIn: z.number(),
        bytesOut: z.number(),
        lastClose: z.string().nullable().openapi({ description: 'Why the last session with it ended' }),
        faults: z
          .object({
            count: z.number().int(),
            reason: z.string(),
            awayUntilMs: z.number().openapi({ description: 'Until when it is kept away, ms since 1970' }),
          })
          .nullable()
          .openapi({ description: 'What it did that no honest device does, since this node started' }),
        suspension: SuspensionSchema,
      }),
    ),
  })
  .openapi('Peers')

const Who = z.string().trim().min(1).max(200)
/** A member, as people name one. */
export const Member = Who.openapi({ description: 'Name, key in hex, or its first 8 or more digits' })
/** A device, as people name one. */
export const Device = Who.openapi({
  description: 'PeerId, key in hex or its beginning, MEMBER/DEVICE, or name',
})

/** A change that somebody asks for. */
const ChangeSchema = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('remove'), member: Member }),
    z.object({ kind: z.literal('demote'), member: Member }),
    z.object({ kind: z.literal('close'), device: Device }),
    z.object({ kind: z.literal('lift'), device: Device }),
    z.object({ kind: z.literal('steward'), member: Member, device: Device.optional() }),
    z.object({
      kind: z.literal('role'),
      member: Member,
      role: z.enum(['member', 'venue', 'archive', 'observer']),
      scopes: z
        .array(z.string().regex(/^event\/[a-z0-9][a-z0-9._-]{0,62}$/))
        .max(SCOPES_MAX)
        .optional(),
    }),
    z.object({
      kind: z.literal('rules'),
      quorum: QuorumRule.optional(),
      recovery: RecoveryRule.optional(),
    }),
    z.object({
      kind: z.literal('slots'),
      device: Device,
      count: z.number().int().min(1).max(SLOTS_GIVEN_MAX),
    }),
    z.object({ kind: z.literal('settle'), device: Device, commit: z.string().max(128) }),
    z.object({ kind: z.literal('floor'), height: z.number().int().min(1) }),
    z.object({
      kind: z.literal('allow'),
      right: z.enum(['issue', 'credit']),
      device: Device,
      unit: z.string().max(64),
      amount: z.string().max(64),
    }),
    z.object({
      kind: z.literal('replace'),
      device: Device,
      unit: z.string().max(64),
      amount: z.string().max(64),
      lost: Device,
    }),
  ])
  .openapi('Change')

/** `POST /v1/proposals`. */
export const ProposeRequest = z
  .object({
    changes: z.array(ChangeSchema).min(1).max(CHANGES_MAX),
    reason: z.string().max(PROPOSAL_REASON_MAX).default(''),
  })
  .openapi('ProposeRequest')

const CHANGE_KINDS = [
  ...(['remove', 'demote', 'close', 'steward', 'role'] as const),
  ...(['rules', 'slots', 'lift', 'settle', 'floor', 'allow', 'replace'] as const),
] as const
/** A change in words. */
export const ChangeViewSchema = z.object({
  kind: z.enum(CHANGE_KINDS),
  text: z.string().openapi({ description: 'In words, safe to show' }),
  member: z.string().nullable(),
  device: z.string().nullable(),
})

const EffectSchema = GovernmentSchema.extend({
  joining: z.array(MemberNameSchema).openapi({ description: 'New stewards' }),
  leaving: z.array(MemberNameSchema).openapi({ description: 'Stewards no longer' }),
  removed: z.array(MemberNameSchema),
  closed: z.array(DeviceNameSchema.extend({ commits: z.number().int(), kept: z.number().int() })),
  floor: z.number().int().nullable(),
  late: z.array(z.object({ device: z.string(), name: z.string(), commits: z.number().int() })),
  atRisk: z
    .array(z.object({ device: DeviceNameSchema, amounts: z.array(z.string()), isReplaced: z.boolean() }))
    .openapi({ description: 'What closed devices hold, and what their loss accounts bear by this' }),
})

/** `POST /v1/proposals/preview`. */
export const PreviewRequest = z
  .object({ changes: z.array(ChangeSchema).min(1).max(CHANGES_MAX) })
  .openapi('PreviewRequest')

/** What changes would make of the co-op. */
export const PreviewSchema = z
  .object({
    changes: z.array(ChangeViewSchema),
    misfit: z
      .string()
      .nullable()
      .openapi({ description: 'Why they cannot become a seal; null when they can' }),
    effect: EffectSchema.nullable(),
  })
  .openapi('Preview')

/** `GET /v1/proposals/{id}`. */
export const ProposalSchema = z
  .object({
    id: Hex,
    by: DeviceNameSchema,
    reason: z.string(),
    changes: z.array(ChangeViewSchema),
    approved: z.array(MemberNameSchema),
    declined: z.array(MemberNameSchema),
    missing: z.array(MemberNameSchema).openapi({ description: 'Stewards who have said nothing' }),
    quorum: z.number().int(),
    own: z.enum(['approved', 'declined']).nullable(),
    canSign: z.boolean().openapi({ description: 'This device signs for a steward' }),
    state: z.enum(['open', 'approved', 'decided', 'unfit']),
    misfit: z.string().nullable().openapi({ description: 'Why it cannot become a seal as things are' }),
    effect: EffectSchema.nullable(),
  })
  .openapi('Proposal')

/** `GET /v1/proposals`. */
export const ProposalsSchema = z
  .object({ proposals: z.array(ProposalSchema), waiting: z.number().int() })
  .openapi('Proposals')

/** `GET /v1/seals`. */
export const SealsSchema = z
  .object({
    seals: z.array(
      GovernmentSchema.extend({
        id: Hex,
        height: z.number().int(),
        parent: Hex.nullable(),
        kind: z.enum(['founding', 'decision', 'bare', 'recovery']),
        decided: z
          .object({
            id: Hex,
            by: DeviceNameSchema,
            reason: z.string(),
            changes: z.array(ChangeViewSchema),
          })
          .nullable(),
        recovered: z
          .object({
            changes: z.array(ChangeViewSchema),
            voices: z.array(MemberNameSchema),
            isFinal: z.boolean().openapi({ description: 'A seal follows it' }),
          })
          .nullable(),
        signedBy: z.array(MemberNameSchema),
        sealedAtMs: z.number().nullable().openapi({ description: "By its last signer's clock" }),
        settles: z.number().int().openapi({ description: 'Chains that it settles further' }),
        closed: z.array(DeviceNameSchema),
        removals: z.number().int(),
        floor: z.number().int(),
      }),
    ),
    isMore: z.boolean().openapi({ description: 'There are older ones: ask with `below`' }),
  })
  .openapi('Seals')

/** `POST /v1/suspensions`. */
export const SuspendRequest = z
  .object({ device: Device, reason: z.string().max(SUSPENSION_REASON_MAX).default('') })
  .openapi('SuspendRequest')

/** `POST /v1/leave`. */
export const LeaveRequest = z
  .object({ kitWords: KitWords.optional().openapi({ description: 'Leaves with all devices of the member' }) })
  .openapi('LeaveRequest')

/** Who left. */
export const LeftSchema = z.object({ member: Hex, devices: z.array(z.string()) }).openapi('Left')

/** `POST /v1/mesh`. */
export const MeshRequest = z.object({ state: z.enum(['running', 'paused']) }).openapi('MeshRequest')

/** An asset of the co-op, with all its listings folded into one row. */
export const AssetSchema = z
  .object({
    cid: z.string(),
    name: z.string(),
    bytes: z.number(),
    kind: z.enum(['file', 'directory']),
    isHeld: z.boolean().openapi({ description: 'True when this node holds all of it' }),
    holders: z.array(z.object({ device: z.string(), name: z.string(), isConnected: z.boolean() })),
    listing: z.string().openapi({ description: 'Names this listing: commit and index' }),
    listedBy: z.string(),
    listedAtMs: z.number(),
    canUnlist: z.boolean(),
  })
  .openapi('Asset')

/** `GET /v1/assets`. */
export const AssetsSchema = z.object({ assets: z.array(AssetSchema) }).openapi('Assets')

/** `POST /v1/assets/add`. */
export const AddRequest = z
  .object({ paths: z.array(z.string().min(1)).min(1).max(1_000) })
  .openapi('AddRequest')

/** What was added. */
export const AddedSchema = z
  .object({
    assets: z.array(z.object({ path: z.string(), cid: z.string(), bytes: z.number() })),
    skipped: z.array(z.object({ path: z.string(), reason: z.string() })),
  })
  .openapi('Added')

/** One line of a progress stream; the last one has `result` or `error`. */
export const ProgressSchema = z
  .union([
    z.object({ progress: z.object({ path: z.string(), doneBytes: z.number(), totalBytes: z.number() }) }),
    z.object({ result: z.unknown() }),
    ErrorSchema,
  ])
  .openapi('Progress')

/** What was fetched. */
export const FetchedSchema = z
  .object({ cid: z.string(), bytes: z.number(), from: z.array(z.string()), fetchedBytes: z.number() })
  .openapi('Fetched')

/** `GET /v1/boards/{id}`. */
export const BoardSchema = z
  .object({
    id: z.string(),
    stateHash: Hex,
    fields: z.record(z.string(), z.unknown()),
    text: z.string(),
    lists: z.record(z.string(), z.array(z.unknown())),
  })
  .openapi('Board')

/** `GET /v1/boards`. */
export const BoardsSchema = z
  .object({
    boards: z.array(
      z.object({
        id: z.string(),
        commits: z.number(),
        refused: z.number(),
        state: z.enum(['whole', 'incomplete', 'declined']),
      }),
    ),
  })
  .openapi('Boards')

const DeviceViewSchema = z.object({
  device: z.string().openapi({ description: 'PeerId' }),
  member: z.string().nullable(),
  name: z.string().nullable().openapi({ description: 'Null for a device that was never admitted' }),
})

/** `GET /v1/commits/{id}`. */
export const CommitSchema = z
  .object({
    id: Hex,
    cid: z.string().openapi({ description: 'The header as a block of an evidence file' }),
    author: DeviceViewSchema.extend({ role: RoleSchema.nullable() }),
    seq: z.number().int(),
    prev: Hex.nullable(),
    epoch: Hex,
    timeMs: z.number().openapi({ description: "The author's clock; no rule judges it" }),
    seen: z.array(DeviceViewSchema.extend({ seq: z.number().int(), id: Hex })),
    sections: z.array(
      z.object({
        document: z.string(),
        entries: z.number().int(),
        bytes: z.number().int(),
        hash: Hex,
        isHere: z.boolean(),
      }),
    ),
    headerBytes: z.number().int(),
    recordBytes: z.number().int(),
    signature: z.string(),
    order: z.number().int().openapi({ description: "Place in this node's log; other nodes have others" }),
    acknowledgedBy: z
      .array(DeviceViewSchema)
      .openapi({ description: 'Devices whose chains acknowledge it, as far as this node has heard' }),
    forkedWith: z.array(Hex).openapi({ description: 'Other commits of its device with its seq' }),
    contested: SuspensionSchema.openapi({ description: 'Set when its device forked at it or before it' }),
    record: z.string().openapi({ description: 'The whole record in base64' }),
  })
  .openapi('Commit')

/** `GET /v1/commits/{id}/verify`. */
export const CommitChecksSchema = z
  .object({
    id: Hex,
    isValid: z.boolean().openapi({ description: 'True when no check failed' }),
    coveredBy: Hex.nullable().openapi({ description: 'The later commit whose signature covers this one' }),
    checks: z.array(
      z.object({
        check: z.enum(['encoding', 'id', 'payloads', 'signature', 'chain', 'seen', 'admission', 'section']),
        document: z.string().nullable(),
        ok: z.boolean().nullable().openapi({ description: 'Null when it was not checked' }),
        why: z.string(),
      }),
    ),
  })
  .openapi('CommitChecks')

/** `POST /v1/doctor`. */
export const DoctorRequest = z
  .object({
    repair: z.boolean().default(false).openapi({ description: 'Repair what is not repaired by itself' }),
    assets: z.boolean().default(false).openapi({ description: 'Read every byte of every asset' }),
  })
  .openapi('DoctorRequest')

/** What the doctor found. */
export const DoctorSchema = z
  .object({
    verdict: z.enum(['whole', 'repaired', 'damaged']),
    isKeySealed: z.boolean().nullable().openapi({ description: 'A passphrase seals the device key' }),
    findings: z.array(
      z.object({
        code: z.string().openapi({ description: 'Stable; docs/runbooks/damaged-disk.md explains each' }),
        where: z.string(),
        severity: z.enum(['note', 'repaired', 'pending', 'lost']),
        message: z.string(),
        action: z.string().openapi({ description: 'What was done, will be done, or can be done' }),
      }),
    ),
    omitted: z.number().int().openapi({ description: 'Findings beyond those that are listed' }),
    checked: z.object({
      commits: z.number().int(),
      signatures: z.number().int(),
      documents: z.number().int(),
      values: z.number().int(),
      assets: z.number().int(),
      assetBytes: z.number(),
    }),
  })
  .openapi('DoctorReport')

/** A token of the API, without its secret. */
const TokenSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    scope: z.enum(SCOPES),
    createdAtMs: z.number(),
    expiresAtMs: z.number().nullable().openapi({ description: 'Null when it does not expire' }),
    lastUse: z
      .object({
        atMs: z.number(),
        from: z.string().openapi({ description: 'Address, and what the program calls itself' }),
        call: z.string().openapi({ description: 'Method and path' }),
      })
      .nullable(),
  })
  .openapi('Token')

/** `GET /v1/tokens`. */
export const TokensSchema = z.object({ tokens: z.array(TokenSchema) }).openapi('Tokens')

/** `POST /v1/tokens`. */
export const TokenRequest = z
  .object({
    name: Name,
    scope: z.enum(SCOPES).default(DEFAULT_SCOPE),
    expiresMs: z
      .number()
      .int()
      .positive()
      .max(TOKEN_LIFETIME_MS_MAX)
      .optional()
      .openapi({ description: 'Lifetime from now in ms; without it the token does not expire' }),
  })
  .openapi('TokenRequest')

/** A new token. */
export const NewTokenSchema = TokenSchema.extend({
  secret: z.string().openapi({ description: 'What calls send as Bearer; kept nowhere' }),
}).openapi('NewToken')
