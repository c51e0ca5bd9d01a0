import { setTimeout as sleep } from 'node:timers/promises'
import { CoopError } from '#node/errors'
import { lockHolder } from '#node/folder'
import type { membersView, peersView, statusView } from '#node/host'
import { NodeClient } from './client.ts'
import { documentsText } from './document-commands.ts'
import type { Globals } from './main.ts'
import { bytesText, paint, printResult, safe, table } from './output.ts'

/** How long `coop stop` waits for the node to end. */
const STOP_TIMEOUT_MS = 15_000

/** `coop stop`: ends the running node and waits until its folder is free. */
export async function stopCommand(globals: Globals): Promise<void> {
  const client = await NodeClient.need(globals.data)
  await client.call('POST', '/v1/stop')
  for (
    const endMs = Date.now() + STOP_TIMEOUT_MS;
    (await lockHolder(globals.data)) !== null;
    await sleep(50)
  ) {
    if (Date.now() > endMs)
      throw new CoopError('internal', 'the node is still ending', 'Look at its log, then try again.')
  }
  printResult(globals, { stopped: true }, 'stopped')
}

/** `coop status`. */
export async function statusCommand(globals: Globals): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const status = (await client.call('GET', '/v1/status')) as Awaited<ReturnType<typeof statusView>>
  printResult(globals, status, statusText(status, client.url))
}

/** `coop members`. */
export async function membersCommand(globals: Globals): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const view = (await client.call('GET', '/v1/members')) as ReturnType<typeof membersView>
  const rows = view.members.flatMap((member) =>
    member.devices.map((device) => [
      member.name,
      device.role + (device.isSigner ? ', signs' : ''),
      device.name + (device.isSelf ? ' (this one)' : ''),
      device.suspension !== null ? 'suspended' : (device.standing.status ?? 'active'),
      device.isSelf || device.isConnected ? 'here' : 'away',
      String(device.commits),
      device.device,
    ]),
  )
  const open = view.invites.filter(
    (it) => !it.isRevoked && !it.isIssuerSuspended && it.used < it.uses && it.expiresAtMs > Date.now(),
  )
  const invites = open.map(
    (it) =>
      `${it.role}, ${it.uses - it.used} of ${it.uses} left, until ${new Date(it.expiresAtMs).toISOString()}`,
  )
  const waiting = view.waiting.map(
    (it) =>
      `${it.place}. ${safe(`${it.name}/${it.deviceName}`)}, ${it.role}, since ${new Date(it.sinceMs).toISOString()}  ${it.device}`,
  )
  const suspended = view.members.flatMap((member) =>
    member.devices.filter((it) => it.suspension !== null).map((it) => suspensionText(member.name, it)),
  )
  const asked = view.members.flatMap((member) =>
    member.devices.flatMap((device) =>
      device.standing.suspensions.map(({ by, reason }) => {
        const why = reason === '' ? 'no reason given' : reason
        return safe(`${member.name}/${device.name} by ${by.name}/${by.deviceName}: ${why}`)
      }),
    ),
  )
  const alike = view.members
    .filter((it) => it.looksLike.length > 0)
    .map((it) => safe(`${it.name} (key ${it.member.slice(0, 8)}) looks like ${it.looksLike.join(', ')}`))
  const isOpen = view.members.some(({ devices }) =>
    devices.some((it) => it.suspension !== null && it.replacedBy === null),
  )
  const parts = [
    table(['MEMBER', 'ROLE', 'DEVICE', 'STATUS', 'NOW', 'COMMITS', 'ID'], rows),
    ...(suspended.length === 0 ? [] : [suspended.join('\n') + (isOpen ? `\n→ ${SUSPENDED_NEXT}` : '')]),
    ...asked.map((it) => `${paint('33', 'suspended')} ${it}`),
    ...alike.map((it) => `${paint('33', 'note')} ${it}`),
    ...(view.quorumWarning === null ? [] : [`${paint('33', 'note')} ${safe(view.quorumWarning)}`]),
    ...(invites.length === 0 ? [] : [`open invites\n  ${invites.join('\n  ')}`]),
    ...(waiting.length === 0 ? [] : [`waiting for an invite\n  ${waiting.join('\n  ')}\n→ ${WAITING_NEXT}`]),
  ]
  printResult(globals, view, parts.join('\n\n'))
}

/** What can be done about those who wait, for people. */
const WAITING_NEXT =
  '`coop invite admit NAME` lets one in, `--all` everybody; `coop invite drop NAME` turns one away.'

/** What becomes of a suspended device, for people. */
const SUSPENDED_NEXT =
  'Nobody connects to it. Its person gives it a new key, there: `coop restore --new-key` (docs/runbooks/forked-device.md).'

type DeviceRow = ReturnType<typeof membersView>['members'][number]['devices'][number]

function suspensionText(member: string, { name, suspension, replacedBy }: DeviceRow): string {
  if (suspension === null) return ''
  const ids = suspension.commits.map((id) => id.slice(0, 16)).join(' and ')
  const what = `wrote two histories; its commit ${suspension.seq} exists twice, ${ids}`
  const after = replacedBy === null ? '' : '; a new key took its place'
  return `${paint('33', 'suspended')} ${safe(`${member}/${name}`)}: ${what}${after}`
}

/** What a peer did that no honest device does, for people; null when nothing is remembered. */
function faultsText(faults: { count: number; reason: string; awayUntilMs: number } | null): string | null {
  if (faults === null) return null
  const seconds = Math.ceil((faults.awayUntilMs - Date.now()) / 1000)
  const away = seconds > 0 ? `, kept away for ${seconds} s` : ''
  return `${faults.count} ${faults.count === 1 ? 'fault' : 'faults'}, last ${faults.reason}${away}`
}

/** `coop peers`. */
export async function peersCommand(globals: Globals): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const view = (await client.call('GET', '/v1/peers')) as ReturnType<typeof peersView>
  const rows = view.peers.map((peer) => [
    peer.name,
    peer.state,
    peer.address ?? '-',
    bytesText(peer.bytesIn),
    bytesText(peer.bytesOut),
    peer.suspension === null
      ? [peer.lastClose, faultsText(peer.faults)].filter((it) => it !== null).join('; ')
      : `wrote two histories from its commit ${peer.suspension.seq} on`,
  ])
  const text =
    rows.length === 0
      ? 'no other device yet; `coop invite` makes a link for one'
      : table(['DEVICE', 'STATE', 'ADDRESS', 'IN', 'OUT', 'LAST CLOSE'], rows)
  printResult(globals, view, text)
}

/** `coop mesh pause|resume`. */
export async function meshCommand(globals: Globals, what: string): Promise<void> {
  if (what !== 'pause' && what !== 'resume') {
    throw new CoopError(
      'usage',
      `'${what}' is neither pause nor resume`,
      'Run `coop mesh pause` or `coop mesh resume`.',
    )
  }
  const client = await NodeClient.need(globals.data)
  const state = what === 'pause' ? 'paused' : 'running'
  const status = (await client.call('POST', '/v1/mesh', { state })) as Awaited<ReturnType<typeof statusView>>
  const text = what === 'pause' ? 'off the mesh; local work goes on' : 'back on the mesh'
  printResult(globals, { mesh: status.mesh }, text)
}

function authorityLines(
  authority: Awaited<ReturnType<typeof statusView>>['authority'],
  epoch: string | null,
): string[] {
  if (authority === null || epoch === null) return []
  const { height, stewards, quorum, pending, waiting } = authority
  const names = stewards.map(({ name }) => safe(name)).join(', ')
  const waits = waiting === 0 ? '' : `, ${waiting} wait for this device: \`coop proposals\``
  return [
    `  epoch        #${height}  ${epoch.slice(0, 16)}`,
    `  stewards     ${names}; ${quorum} of ${stewards.length} must agree`,
    `  decisions    ${pending} open${waits}`,
  ]
}

function statusText(status: Awaited<ReturnType<typeof statusView>>, url: string): string {
  const lines = [
    status.coop === null
      ? 'no co-op yet: `coop found NAME` or `coop join LINK`'
      : `${paint('1', safe(status.name))}  ${status.coop}`,
    `  this device  ${status.deviceName === null ? '' : `${safe(status.deviceName)}, `}${status.role ?? 'not on the roster yet'}`,
    `  id           ${status.device}`,
    ...authorityLines(status.authority, status.epoch),
    `  mesh         ${status.mesh}, ${status.peers} connected`,
    `  commits      ${status.commits}`,
    `  page         ${url}/`,
    `  data         ${safe(status.dataFolder)}`,
  ]
  if (Object.keys(status.documents).length > 0) lines.push('', documentsText(status.documents))
  for (const warning of status.warnings)
    lines.push('', `${paint('33', 'note')} ${safe(warning.message)}\n→ ${safe(warning.next)}`)
  return lines.join('\n')
}
