import type {
  KitsView,
  PreviewView,
  RecoveriesView,
  RecoveryRequest,
  RecoveryView,
  RoomView,
} from '#node/host'
import { CoopError } from '#node/errors'
import { previewText } from './authority-commands.ts'
import { NodeClient } from './client.ts'
import { readKit } from './kit-input.ts'
import type { Globals } from './main.ts'
import { paint, printResult, safe, table } from './output.ts'

/** What the node answers to a voice. */
interface Voiced {
  recovery: string
  isInForce: boolean
  recoveries: RecoveriesView
}

/** `coop kits`. */
export async function kitsCommand(globals: Globals): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const view = (await client.call('GET', '/v1/kits')) as KitsView
  printResult(globals, view, kitsText(view))
}

/** `coop recover`. */
export async function recoveriesCommand(globals: Globals): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const view = (await client.call('GET', '/v1/recoveries')) as RecoveriesView
  printResult(globals, view, recoveriesText(view))
}

/** `coop recover propose`. */
export async function recoverProposeCommand(
  globals: Globals,
  options: { changes: readonly RecoveryRequest[]; kitFile: string | undefined; isDry: boolean },
): Promise<void> {
  const { changes, kitFile, isDry } = options
  if (changes.length === 0)
    throw new CoopError(
      'usage',
      'a recovery changes who the stewards are',
      'Say who shall be one with --steward MEMBER, who no longer with --demote MEMBER; each as often as needed.',
    )
  const client = await NodeClient.need(globals.data)
  const view = (await client.call('GET', '/v1/recoveries')) as RecoveriesView
  if (isDry) {
    const preview = (await client.call('POST', '/v1/recoveries/preview', { changes })) as PreviewView
    const text = `${previewText(preview)}\n\n${electorsText(view)}\nnothing was written`
    printResult(globals, { ...preview, recoveries: view }, text)
    return
  }
  const kit = await kitFor(globals, view, kitFile)
  printVoiced(globals, (await client.call('POST', '/v1/recoveries', { changes, ...kit })) as Voiced)
}

/** `coop recover voice ID`. */
export async function recoverVoiceCommand(
  globals: Globals,
  id: string,
  kitFile: string | undefined,
): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const view = (await client.call('GET', '/v1/recoveries')) as RecoveriesView
  const kit = await kitFor(globals, view, kitFile)
  const path = `/v1/recoveries/${encodeURIComponent(id)}/voice`
  printVoiced(globals, (await client.call('POST', path, kit)) as Voiced)
}

/** The words of a kit, where the rules want one or one was given all the same. */
async function kitFor(
  globals: Globals,
  { rule }: RecoveriesView,
  file: string | undefined,
): Promise<{ kitWords?: string }> {
  return rule === 'kits' || file !== undefined ? { kitWords: await readKit(globals, file) } : {}
}

function printVoiced(globals: Globals, voiced: Voiced): void {
  const { recovery, isInForce, recoveries } = voiced
  const running = recoveries.running.find((it) => it.id === recovery)
  const text = isInForce
    ? 'the recovery is in force: `coop history` shows it. With the next seal it is final'
    : running === undefined
      ? recoveriesText(recoveries)
      : `${recoveryText(running)}\n\n${nextOf(running, recoveries)}`
  printResult(globals, voiced, text)
}

function recoveriesText(view: RecoveriesView): string {
  const { running, last } = view
  const isOpen = last !== null && !last.isFinal
  return [
    ...running.map((it) => `${recoveryText(it)}\n\n${nextOf(it, view)}\n`),
    ...(running.length === 0 ? ['no recovery is under way'] : []),
    electorsText(view),
    ...(last === null
      ? []
      : [
          `last one: seal #${last.height}, voices of ${names(last.voices)}; stewards before: ${names(last.before)}`,
        ]),
    ...(isOpen
      ? ['It is not final: until a seal follows it, one of the stewards before takes its place.']
      : []),
  ].join('\n')
}

function electorsText({ rule, electors, quorum, obstacle }: RecoveriesView): string {
  const how =
    rule === 'kits'
      ? 'the recovery kits of members recover the co-op, on any of its devices'
      : 'devices of members recover the co-op, one for each member'
  return [
    `${how}: ${quorum} of ${electors.length} electors (${names(electors)})`,
    ...(obstacle === null ? [] : [`this device has no voice: ${safe(obstacle)}`]),
  ].join('\n')
}

function recoveryText(it: RecoveryView): string {
  const begun = it.begunAtMs === null ? '' : `  since ${new Date(it.begunAtMs).toISOString().slice(0, 16)}`
  const { stewards, quorum } = it.effect
  return [
    `${paint('1', it.id.slice(0, 16))}  ${it.voices.length} of ${it.quorum} voices${begun}`,
    ...it.changes.map((change) => `  asks         ${safe(change.text)}`),
    `  voices of    ${names(it.voices) || 'nobody in this attempt yet'}`,
    ...(it.silent.length === 0 ? [] : [`  missing      ${it.missing} more, of ${names(it.silent)}`]),
    ...(it.elsewhere.length === 0 ? [] : [`  elsewhere    ${names(it.elsewhere)} spoke for something else`]),
    ...(it.attempt === 0
      ? []
      : [`  attempt      ${it.attempt + 1}: whoever spoke in an earlier one speaks again`]),
    `  after it     ${stewards.length} steward(s): ${names(stewards)}; ${quorum} must agree`,
    '  closes       at once with the last voice; any seal of the stewards before ends it',
  ].join('\n')
}

function nextOf(it: RecoveryView, { rule, obstacle }: RecoveriesView): string {
  const id = it.id.slice(0, 16)
  const missing = `${it.missing} more must speak`
  if (rule === 'kits') return `${missing}, each with its kit, on any device: \`coop recover voice ${id}\``
  if (it.own === 'voiced') return `${missing}, each on a device of its own: \`coop recover voice ${id}\``
  if (obstacle !== null) return missing
  return `${missing}. To join them: \`coop recover voice ${id}\``
}

function kitsText({ members, stewards, recovery }: KitsView): string {
  const rows = members.map((it) => [
    it.name,
    it.member.slice(0, 16),
    it.signs === null
      ? '-'
      : `${it.signs.deviceName} (${it.signs.status}${lastText(it.signs.lastCommitAtMs)})`,
    String(it.devices),
    it.isElector ? 'yes' : `no: ${it.why ?? ''}`,
  ])
  const away = stewards.count - stewards.active
  return [
    table(['MEMBER', 'KIT', 'SIGNS AS STEWARD', 'DEVICES', 'VOICE IN A RECOVERY'], rows),
    '',
    `decisions: ${stewards.quorum} of ${stewards.count} stewards must agree${away === 0 ? '' : `, ${away} out`}; ${roomText(stewards, 'steward')}`,
    `recovery, by ${recovery.rule === 'kits' ? 'kits' : 'devices of members'}: ${recovery.quorum} of ${recovery.count} electors; ${roomText(recovery, 'elector')}`,
  ].join('\n')
}

function roomText({ room }: RoomView, what: string): string {
  if (room < 0 && what === 'elector') return paint('31', 'nobody can recover the co-op before the next seal')
  if (room < 0) return paint('31', `${-room} too few: members have to recover the co-op (\`coop recover\`)`)
  if (room === 0) return paint('33', `one loss away from too few: no ${what} may be lost`)
  return `${room} may be lost`
}

function lastText(lastCommitAtMs: number | null): string {
  return lastCommitAtMs === null ? '' : `, last wrote ${new Date(lastCommitAtMs).toISOString().slice(0, 10)}`
}

function names(members: readonly { name: string }[]): string {
  return members.map(({ name }) => safe(name)).join(', ')
}
