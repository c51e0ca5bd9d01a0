import { z } from '@hono/zod-openapi'
import { CHANGES_MAX } from '#protocol/authority'
import {
  ChangeViewSchema,
  Device,
  DeviceNameSchema,
  GovernmentSchema,
  Hex,
  KitWords,
  Member,
  MemberNameSchema,
  RecoveryRule,
} from './schemas.ts'

const RecoveryChanges = z
  .array(
    z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('steward'), member: Member, device: Device.optional() }),
      z.object({ kind: z.literal('demote'), member: Member }),
    ]),
  )
  .min(1)
  .max(CHANGES_MAX)
const VoiceKit = KitWords.optional().openapi({
  description: 'The 24 words of the kit of an elector, where the rules want kits; kept nowhere',
})

/** `POST /v1/recoveries/preview`. */
export const RecoveryPreviewRequest = z.object({ changes: RecoveryChanges }).openapi('RecoveryPreviewRequest')

/** `POST /v1/recoveries`. */
export const RecoveryRequest = z
  .object({ changes: RecoveryChanges, kitWords: VoiceKit })
  .openapi('RecoveryRequest')

/** `POST /v1/recoveries/{id}/voice`. */
export const VoiceRequest = z.object({ kitWords: VoiceKit }).openapi('VoiceRequest')

const RecoverySchema = z.object({
  id: Hex,
  changes: z.array(ChangeViewSchema),
  attempt: z.number().int().openapi({ description: 'Voices of two attempts do not add up' }),
  voices: z.array(MemberNameSchema),
  silent: z.array(MemberNameSchema).openapi({ description: 'Electors who have said nothing in it' }),
  elsewhere: z.array(MemberNameSchema).openapi({ description: 'Who spoke for something else in it' }),
  quorum: z.number().int(),
  missing: z.number().int().openapi({ description: 'With the last of these voices it is in force' }),
  own: z.enum(['voiced', 'elsewhere']).nullable(),
  begunAtMs: z.number().nullable(),
  effect: GovernmentSchema,
})

/** `GET /v1/recoveries`. */
export const RecoveriesSchema = z
  .object({
    rule: RecoveryRule,
    electors: z.array(MemberNameSchema),
    quorum: z.number().int(),
    obstacle: z.string().nullable().openapi({ description: 'Why this device cannot speak; null if it can' }),
    running: z.array(RecoverySchema),
    last: z
      .object({
        id: Hex,
        height: z.number().int(),
        changes: z.array(ChangeViewSchema),
        voices: z.array(MemberNameSchema),
        isFinal: z.boolean(),
        before: z.array(MemberNameSchema).openapi({ description: 'Stewards until then' }),
      })
      .nullable(),
  })
  .openapi('Recoveries')

/** Answer to a voice. */
export const VoicedSchema = z
  .object({
    recovery: Hex,
    isInForce: z.boolean().openapi({ description: 'This voice was the last that it took' }),
    recoveries: RecoveriesSchema,
  })
  .openapi('Voiced')

const RoomSchema = z.object({
  count: z.number().int(),
  quorum: z.number().int(),
  room: z.number().int().openapi({ description: 'How many may be lost; negative when too many are' }),
})

/** `GET /v1/kits`. */
export const KitsSchema = z
  .object({
    members: z.array(
      MemberNameSchema.extend({
        isSteward: z.boolean(),
        signs: DeviceNameSchema.extend({
          status: z.string(),
          lastCommitAtMs: z.number().nullable().openapi({ description: 'By its own clock' }),
        }).nullable(),
        devices: z.number().int().openapi({ description: 'Open devices of the member' }),
        isElector: z.boolean().openapi({ description: 'Has a voice in a recovery' }),
        why: z.string().nullable().openapi({ description: 'Why it has none' }),
      }),
    ),
    stewards: RoomSchema.extend({ active: z.number().int() }),
    recovery: RoomSchema.extend({ rule: RecoveryRule }),
  })
  .openapi('Kits')
