import { deviceFromText } from '#protocol/identity'
import type { AuthorityDesk, ChangeRequest, PreviewView, ProposalView, SealView } from '#node/host'
import { CoopError } from '#node/errors'
import { NodeClient } from './client.ts'
import { readKit } from './kit-input.ts'
import type { Globals } from './main.ts'
import { paint, printResult, safe } from './output.ts'

/** `coop propose …`; with `isDry` only what it would change. */
export async function proposeCommand(
  globals: Globals,
  change: ChangeRequest,
  { reason, isDry }: { reason: string; isDry: boolean },
): Promise<void> {
  const client = await NodeClient.need(globals.data)
  if (isDry) {
    const body = { changes: [change] }
    const preview = (await client.call('POST', '/v1/proposals/preview', body)) as PreviewView
    printResult(globals, preview, `${previewText(preview)}\n\nnothing was asked for`)
    return
  }
  const proposal = (await client.call('POST', '/v1/proposals', { changes: [change], reason })) as ProposalView
  printResult(globals, proposal, `${proposalText(proposal)}\n\n${nextOf(proposal)}`)
}

/** `coop proposals`. */
export async function proposalsCommand(globals: Globals): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const view = (await client.call('GET', '/v1/proposals')) as { proposals: ProposalView[] }
  const text =
    view.proposals.length === 0
      ? 'nothing is to be decided; `coop history` shows what was'
      : view.proposals.map(proposalText).join('\n\n')
  printResult(globals, view, text)
}

/** `coop sign ID`, `coop decline ID`. */
export async function willCommand(globals: Globals, what: 'sign' | 'decline', id: string): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const path = `/v1/proposals/${encodeURIComponent(id)}/${what}`
  const proposal = (await client.call('POST', path, {})) as ProposalView
  printResult(globals, proposal, `${proposalText(proposal)}\n\n${nextOf(proposal)}`)
}

/** `coop history`. */
export async function historyCommand(globals: Globals, below: number | undefined): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const query = below === undefined ? '' : `?below=${below}`
  const view = (await client.call('GET', `/v1/seals${query}`)) as { seals: SealView[]; isMore: boolean }
  const older = view.isMore ? [`older ones: coop history --below ${view.seals.at(-1)?.height ?? 0}`] : []
  printResult(globals, view, [...view.seals.map(sealText), ...older].join('\n\n'))
}

/** `coop suspend DEVICE`. */
export async function suspendCommand(globals: Globals, device: string, reason: string): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const answer = (await client.call('POST', '/v1/suspensions', { device, reason })) as { suspended: string }
  const text =
    `suspended ${answer.suspended}\nWhoever hears of it cuts it off and takes nothing new of it. Nothing that it wrote is void.\n` +
    'To close it for good: `coop propose close DEVICE`. To end this: `coop propose lift DEVICE`.'
  printResult(globals, answer, text)
}

/** `coop leave`: this device, or with the kit all devices of the member. */
export async function leaveCommand(
  globals: Globals,
  options: { member?: boolean; kitFile?: string },
): Promise<void> {
  if (options.kitFile !== undefined && options.member !== true)
    throw new CoopError('usage', 'a kit is only needed to leave with all devices', 'Add --member.')
  const kitWords = options.member === true ? await readKit(globals, options.kitFile) : undefined
  const client = await NodeClient.need(globals.data)
  const body = kitWords === undefined ? {} : { kitWords }
  const left = (await client.call('POST', '/v1/leave', body)) as Awaited<ReturnType<AuthorityDesk['leave']>>
  const what = left.devices.length === 1 ? 'this device has' : `all ${left.devices.length} devices have`
  printResult(globals, left, `${what} left the co-op. What is stored here stays readable.`)
}

/** A device of a command line: a PeerId is spelled out, so that a wrong one is told before the node is asked. */
export function deviceArgument(text: string): string {
  if (text.startsWith('12D3Koo') && deviceFromText(text) === null)
    throw new CoopError('usage', `'${text.slice(0, 80)}' is no whole id`, 'Copy it from `coop members`.')
  return text
}

type Effect = NonNullable<ProposalView['effect']>

/** What changes would make of the co-op. */
export function previewText(it: PreviewView): string {
  return [
    ...it.changes.map((change) => `  would        ${safe(change.text)}`),
    ...(it.misfit === null ? [] : [`  ${paint('31', 'does not fit')} ${safe(it.misfit)}`]),
    ...(it.effect === null ? [] : effectLines(it.effect)),
  ].join('\n')
}

function proposalText(it: ProposalView): string {
  const who = (list: readonly { name: string }[]): string => list.map(({ name }) => safe(name)).join(', ')
  const head = `${paint('1', it.id.slice(0, 16))}  ${STATE_TEXT[it.state]}${it.canSign && it.own === null ? paint('33', '  waits for you') : ''}`
  return [
    head,
    ...it.changes.map((change) => `  asks         ${safe(change.text)}`),
    `  by           ${safe(`${it.by.name}/${it.by.deviceName}`)}`,
    `  because      ${it.reason === '' ? 'no reason given' : safe(it.reason)}`,
    `  approved     ${it.approved.length} of ${it.quorum} needed: ${who(it.approved) || 'nobody yet'}`,
    ...(it.declined.length === 0 ? [] : [`  declined     ${who(it.declined)}`]),
    ...(it.missing.length === 0 ? [] : [`  missing      ${who(it.missing)}`]),
    ...(it.misfit === null ? [] : [`  ${paint('31', 'does not fit')} ${safe(it.misfit)}`]),
    ...(it.effect === null ? [] : effectLines(it.effect)),
  ].join('\n')
}

function effectLines(effect: Effect): string[] {
  const who = (list: readonly { name: string }[]): string => list.map(({ name }) => safe(name)).join(', ')
  return [
    `  after it     ${effect.stewards.length} steward(s): ${who(effect.stewards)}; ${effect.quorum} must agree`,
    ...(effect.joining.length === 0 ? [] : [`  + steward    ${who(effect.joining)}`]),
    ...(effect.leaving.length === 0 ? [] : [`  - steward    ${who(effect.leaving)}`]),
    ...(effect.removed.length === 0 ? [] : [`  - member     ${who(effect.removed)}`]),
    ...effect.closed.map(
      (it) =>
        `  - device     ${safe(`${it.name}/${it.deviceName}`)}: ${it.kept} of its ${it.commits} commits that are here stay; what else it wrote is late`,
    ),
    ...(effect.floor === null ? [] : [`  floor        ${effect.floor}`]),
    ...effect.late.map((it) => `  late         ${it.commits} commits of ${safe(it.name)}`),
    ...effect.atRisk.map(riskLine),
  ]
}

function riskLine({ device, amounts, isReplaced }: Effect['atRisk'][number]): string {
  const whose = safe(`${device.name}/${device.deviceName}`)
  const what = amounts.map(safe).join(', ')
  return isReplaced
    ? `  loss account ${what}: ${whose} bears what it has sold of that meanwhile`
    : `  at risk      ${what}: ${whose} holds that, and nobody can be handed it any more`
}

function nextOf(it: ProposalView): string {
  const id = it.id.slice(0, 16)
  if (it.state === 'decided') return 'decided; `coop history` shows the seal'
  const missing = it.quorum - it.approved.length
  if (missing <= 0) return 'a quorum agrees; the nodes of the stewards seal it as soon as they are in touch'
  return `${missing} more must sign, each on the device that signs for it: \`coop sign ${id}\``
}

const STATE_TEXT: Readonly<Record<ProposalView['state'], string>> = {
  open: 'open',
  approved: 'a quorum agrees; it is being sealed',
  decided: 'decided',
  unfit: 'does not fit what is decided by now',
}

function sealText(seal: SealView): string {
  const when = seal.sealedAtMs === null ? '' : `  ${new Date(seal.sealedAtMs).toISOString().slice(0, 16)}`
  const stewards = seal.stewards.map(({ name }) => safe(name)).join(', ')
  const changes =
    (seal.decided ?? seal.recovered)?.changes.map((it) => `  decided      ${safe(it.text)}`) ?? []
  const voices = seal.recovered?.voices.map(({ name }) => safe(name)).join(', ') ?? ''
  const by = seal.decided?.by
  return [
    `${paint('1', `#${seal.height}`)}  ${seal.id.slice(0, 16)}  ${KIND_TEXT[seal.kind]}${when}`,
    ...changes,
    ...(by === undefined ? [] : [`  asked by     ${safe(`${by.name}/${by.deviceName}`)}`]),
    ...(seal.decided === null || seal.decided.reason === ''
      ? []
      : [`  because      ${safe(seal.decided.reason)}`]),
    ...(voices === '' ? [] : [`  voices of    ${voices}`]),
    ...(seal.recovered?.isFinal === false
      ? ['  not final    until a seal follows it, one of the stewards before takes its place']
      : []),
    ...(seal.signedBy.length === 0
      ? []
      : [`  signed by    ${seal.signedBy.map(({ name }) => safe(name)).join(', ')}`]),
    ...seal.closed.map((it) => `  closed       ${safe(`${it.name}/${it.deviceName}`)}`),
    ...(seal.settles === 0 ? [] : [`  frontier     settles ${seal.settles} chain(s) further`]),
    `  stewards     ${stewards}; ${seal.quorum} must agree`,
  ].join('\n')
}

const KIND_TEXT: Readonly<Record<SealView['kind'], string>> = {
  founding: 'the founding',
  decision: 'a decision',
  bare: 'the frontier alone',
  recovery: 'a recovery',
}
