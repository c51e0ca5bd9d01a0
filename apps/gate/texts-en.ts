import type { Words } from '#apps/page'
import type { Shown, Texts } from './texts.ts'
import { numberOf, textOf } from './params.ts'

/** When and where a ticket was let in before. */
function before({ verdict: { params }, words }: Shown): string {
  const [atMs, gate, agoMs] = [numberOf(params, 'atMs'), textOf(params, 'gate'), numberOf(params, 'agoMs')]
  const time = atMs === null ? '' : ` at ${words.time(atMs)}`
  const ago = agoMs === null ? '' : `, ${words.duration(agoMs)} ago`
  return `This ticket was let in${time}${gate === '' ? '' : ` at gate ${gate}`}${ago}.`
}

/** Who may still let in, or not. */
function newsAge({ verdict: { params }, words }: Shown): string {
  const age = numberOf(params, 'listAgeMs')
  return age === null ? '' : ` Newest news of its group: ${words.duration(age)} old.`
}

/** The part of a class's rules that does not hold. */
function ruleText(leaf: unknown, words: Words): string {
  const [kind, ...rest] = Array.isArray(leaf) ? (leaf as unknown[]) : []
  const [first, second] = rest.map((it) => (typeof it === 'number' ? it : null))
  const names = Array.isArray(rest[0]) ? rest[0].map(String).join(', ') : ''
  switch (kind) {
    case 'entries-today':
      return `Its entries of today are used up (${words.count(first ?? 0)}).`
    case 'entries':
      return `Its entries are used up (${words.count(first ?? 0)}).`
    case 'minutes-since-entry':
      return `Not so soon after the last entry: ${words.duration((first ?? 0) * 60_000)} must pass.`
    case 'gate':
      return `Only at gate ${names}.`
    case 'zone':
      return `Only for zone ${names}.`
    case 'class':
      return 'Not with this class of ticket.'
    case 'time':
      return `Only${first == null ? '' : ` from ${words.time(first)}`}${second == null ? '' : ` until ${words.time(second)}`}.`
    case 'day-time':
      return `Only from ${words.minuteOfDay(first ?? 0)} to ${words.minuteOfDay(second ?? 0)}.`
    default:
      return 'The rules of this class do not allow it now.'
  }
}

/** English. */
export const ENGLISH: Texts = {
  verdicts: {
    admitted: () => ({ title: 'Welcome', why: '', todo: 'Let in.' }),
    're-entered': () => ({ title: 'Welcome back', why: 'Re-entry.', todo: 'Let in.' }),
    left: () => ({ title: 'Checked out', why: 'The exit is recorded.', todo: 'Let out.' }),
    'admitted-open': () => ({
      title: 'Welcome',
      why: 'Open admission: while gates are apart the same ticket could be used at another one. That would be found later.',
      todo: 'Let in.',
    }),
    override: () => ({ title: 'Let in by override', why: 'Signed and counted as such.', todo: 'Let in.' }),
    'not-a-ticket': () => ({
      title: 'Not a ticket',
      why: 'This code is something else, such as a web link or a product.',
      todo: 'Ask for the ticket code.',
    }),
    truncated: () => ({
      title: 'Only part of a code',
      why: 'The end of the code is missing.',
      todo: 'Scan once more, closer and with the whole code in the frame.',
    }),
    'unknown-version': () => ({
      title: 'Newer kind of ticket',
      why: 'This gate does not know this version of tickets.',
      todo: 'Send the guest to the info desk. Update this node.',
    }),
    'wrong-event': () => ({
      title: 'Other event',
      why: 'A real ticket, but not for this event.',
      todo: 'Check the date and the name on the ticket.',
    }),
    'other-coop': () => ({
      title: 'Other organiser',
      why: 'The ticket was issued by another co-op.',
      todo: 'Send the guest to the info desk.',
    }),
    forged: () => ({
      title: 'Forged',
      why: 'The signature is not that of the issuer: the code was made up or changed.',
      todo: 'Do not let in. Call the supervisor.',
    }),
    'issuer-unknown': () => ({
      title: 'Unknown issuer',
      why: 'No device of this co-op issued this ticket, or this gate has not heard of it yet.',
      todo: 'Connect the gate to the mesh, or ask the supervisor.',
    }),
    'issuer-suspended': () => ({
      title: 'Issuer suspended',
      why: 'The device that issued this ticket was suspended.',
      todo: 'Call the supervisor.',
    }),
    'class-unknown': () => ({
      title: 'Class not known here',
      why: 'This gate has not heard of this kind of ticket yet.',
      todo: 'Connect the gate to the mesh, then scan again.',
    }),
    'bucket-unknown': () => ({
      title: 'Group not known here',
      why: 'This gate has not heard of the group on this ticket yet.',
      todo: 'Connect the gate to the mesh, then scan again.',
    }),
    'not-yet-valid': ({ verdict: { params }, words }) => {
      const fromMs = numberOf(params, 'fromMs')
      return {
        title: 'Too early',
        why: fromMs === null ? 'This ticket is not valid yet.' : `Valid from ${words.time(fromMs)}.`,
        todo: 'Ask the guest to come back then.',
      }
    },
    expired: ({ verdict: { params }, words }) => {
      const untilMs = numberOf(params, 'untilMs')
      return {
        title: 'Expired',
        why:
          untilMs === null ? 'This ticket is no longer valid.' : `It was valid until ${words.time(untilMs)}.`,
        todo: 'A new ticket is needed.',
      }
    },
    'wrong-zone': ({ verdict: { params } }) => {
      const zones = textOf(params, 'zones')
      return {
        title: 'Not for this zone',
        why: zones === '' ? 'This ticket does not open this zone.' : `This ticket opens: ${zones}.`,
        todo: 'Show the way.',
      }
    },
    'wrong-group': ({ verdict: { params } }) => {
      const [group, holder] = [textOf(params, 'group'), textOf(params, 'holder')]
      const isReachable = params['reachable'] === true
      return {
        title: group === '' ? 'Other gate' : `Gate ${group}`,
        why: holder === '' ? '' : `Its tickets are held by ${holder}.`,
        todo: isReachable
          ? `Send the guest to gate ${group}, or fetch that gate's tickets here and let in.`
          : `Send the guest to gate ${group}. This gate cannot reach it now.`,
      }
    },
    'already-admitted': (shown) => ({
      title: 'Already inside',
      why: before(shown),
      todo: 'Do not let in. If in doubt, call the supervisor.',
    }),
    revoked: (shown) => {
      const why = textOf(shown.verdict.params, 'reason')
      return {
        title: 'Revoked',
        why: `${why === '' ? 'This ticket was revoked.' : `Revoked: ${why}.`}${newsAge(shown)}`,
        todo: 'Do not let in. Send the guest to the info desk.',
      }
    },
    refunded: (shown) => ({
      title: 'Refunded',
      why: `The money was given back.${newsAge(shown)}`,
      todo: 'Do not let in. A new ticket is needed.',
    }),
    reissued: (shown) => ({
      title: 'Old code',
      why: `This ticket was issued anew, and this is the old code.${newsAge(shown)}`,
      todo: 'Ask for the new code.',
    }),
    rule: ({ verdict: { params }, words }) => ({
      title: 'Rule of the ticket',
      why: ruleText(params['leaf'], words),
      todo: 'Do not let in now.',
    }),
    'zone-full': ({ verdict: { params }, words }) => {
      const elsewhere = numberOf(params, 'elsewhere') ?? 0
      return {
        title: 'Zone full',
        why:
          elsewhere > 0
            ? `No place is left at this gate; other gates have ${words.count(elsewhere)}.`
            : 'No place is left in this zone.',
        todo: 'Ask the guest to wait until somebody leaves.',
      }
    },
    exposure: ({ verdict: { params }, words }) => {
      const max = numberOf(params, 'max')
      return {
        title: 'Limit reached',
        why: `While cut off, this gate may let in only ${max === null ? 'so many' : words.count(max)} open admissions.`,
        todo: 'Connect the gate to the mesh, or ask the supervisor.',
      }
    },
    'not-inside': () => ({
      title: 'Not inside',
      why: 'No entry of this ticket is known here.',
      todo: 'Let the person out. Nothing is recorded.',
    }),
    'code-needed': () => ({
      title: 'Live code needed',
      why: 'This ticket is bound to a phone; a picture or a print of it does not open.',
      todo: 'Ask the guest to open the ticket page: its code changes every 30 seconds.',
    }),
    'code-old': ({ verdict: { params }, words }) => {
      const age = numberOf(params, 'ageMs')
      return {
        title: 'Photographed code',
        why: `This code ${age === null ? 'has run out' : `is ${words.duration(age)} old`}: a screenshot, or a page that stands still.`,
        todo: 'Ask the guest to open the live ticket page.',
      }
    },
    'clock-off': ({ verdict: { params }, words }) => {
      const ahead = numberOf(params, 'aheadMs')
      const way =
        ahead === null ? 'wrong' : `${words.duration(Math.abs(ahead))} ${ahead > 0 ? 'fast' : 'slow'}`
      return {
        title: "Phone's clock is wrong",
        why: `The clock of the guest's phone is ${way}.`,
        todo: 'Ask the guest to set date and time to automatic, then scan again.',
      }
    },
    'not-issued': () => ({
      title: 'Not in the books',
      why: 'Well signed, but no sale of it is known at this gate.',
      todo: 'Connect the gate to the mesh, or ask the supervisor.',
    }),
    'too-long': () => ({
      title: 'Far too long',
      why: 'What was pasted or typed is longer than any ticket.',
      todo: 'Copy only the code of the ticket, or scan it.',
    }),
    'code-unknown': () => ({
      title: 'No such code',
      why: 'No ticket with these 16 letters is known here.',
      todo: 'Read it once more: 4 groups of 4 letters.',
    }),
    'gate-unsure': () => ({
      title: 'Gate is catching up',
      why: 'Some news of this group are still on their way to this gate.',
      todo: 'Wait a few seconds, then scan again.',
    }),
    busy: () => ({
      title: 'Busy',
      why: 'The node has too much to do right now. Nothing was recorded.',
      todo: 'Scan again.',
    }),
    'no-answer': () => ({
      title: 'No answer',
      why: 'The node of this gate did not answer. Nobody knows whether this ticket is good.',
      todo: 'Do not let in yet. Check power and network of the node, then scan again.',
    }),
    'access-refused': () => ({
      title: 'No access',
      why: 'The access code of this phone was withdrawn.',
      todo: 'Ask the person who runs the node for a new link.',
    }),
    'supervisor-needed': () => ({
      title: 'Supervisor needed',
      why: 'This phone lets in by the rules alone.',
      todo: 'Scan the ticket with the phone of a supervisor.',
    }),
    'call-refused': ({ verdict: { params } }) => ({
      title: 'Not checked',
      why: textOf(params, 'message'),
      todo: textOf(params, 'next'),
    }),
    'no-code-in-photo': () => ({
      title: 'No code found',
      why: 'There is no readable code in this photo.',
      todo: 'Take another: closer, straight on, without glare.',
    }),
  },
  otherVerdict: (code) => ({
    title: 'Not let in',
    why: `The node says: ${code}.`,
    todo: 'Reload this page; ask the supervisor.',
  }),
  repeated: 'Recorded before; this is its answer.',
  guarantee: {
    mesh: ({ gates, reachable }) =>
      `Mesh ${reachable} of ${gates} ${gates === 1 ? 'gate' : 'gates'}: exclusive`,
    cutOff: ({ cutOffSinceMs, own, others }, words, nowMs) =>
      `Cut off ${words.duration(nowMs - (cutOffSinceMs ?? nowMs))}: can admit ${words.share(own)} of its own group, ${words.share(others)} of others`,
    lostBuckets: (count) =>
      count === 1 ? '1 bucket of a lost gate: open' : `${count} buckets of lost gates: open`,
    noNode: (since) => `Node does not answer${since}. Let nobody in by this phone.`,
  },
  setup: {
    title: 'Set up this gate',
    lead: 'Choose once; this phone remembers it.',
    event: 'Event',
    gate: 'Gate',
    zone: 'Zone',
    start: 'Start scanning',
    noEvents: 'There is no event yet. It is set up at a node: coop event create.',
    noGroups: 'This event has no gate groups yet. They are set up at a node: coop event bucket.',
    loading: 'Asking the node for its events…',
  },
  scan: {
    title: 'Gate',
    aim: 'Hold the code in the frame',
    checking: 'Checking…',
    change: 'Change event, gate or zone',
    direction: 'Direction',
    entry: 'Entry',
    exit: 'Exit',
    exitMode: 'Exit: codes are checked out',
    codeLabel: 'Code by hand or scanner',
    codeHint: '16 letters or a scanner',
    check: 'Check',
    photo: 'Photo',
    photoReading: 'Reading the photo…',
    torch: 'Light',
    cameraOff: 'Camera is off',
    cameraRefused:
      'The camera is not allowed, or there is none. Take photos, type the code, or use a scanner.',
    cameraInsecure:
      'Over plain http from another machine, browsers keep the camera shut. Take photos, type the code, or use a scanner.',
    cameraStart: 'Turn the camera on',
    soundOff: 'Sound',
    soundTap: 'Tap for sound',
    dismiss: 'Camera',
    language: 'Language',
    settings: 'Settings',
    buckets: 'Tickets of each gate',
    bucketsNote: 'Whoever holds them lets them in. Fetch them before a cut-off, hand them over at closing.',
    bucketHere: 'here',
    bucketAt: (holder) => `at ${holder}`,
    bucketApart: (holder) => `at ${holder}, not connected`,
    bucketLost: 'lost: open at every gate',
    bucketHereLost: 'here, called lost: open at every other gate',
    alone: ({ own, others }, words) =>
      `Without the others this gate can admit ${words.share(own)} of its own group, ${words.share(others)} of others.`,
    take: 'Fetch',
    takeFor: 'Fetch and let in',
    hand: (device) => `To ${device}`,
    handAll: (device) => `All to ${device}`,
    moving: 'Moving…',
    moveDone: 'Moved.',
    moveUnderWay: (device) => `On the way: leave this node on until ${device} has them.`,
    moveMissing: (count) => `${count} did not come.`,
    moveElsewhere: (count) => `Handed over. ${count} are at other gates.`,
  },
  counts: {
    title: 'Counts',
    admitted: 'Let in',
    inside: 'Inside',
    ofCapacity: (inside, capacity) => `${inside} of ${capacity}`,
    zones: 'Zones',
    full: 'full',
    doubles: 'Doubles',
    overrides: 'Overrides',
    open: 'Open',
    refused: 'Refused',
    sold: 'Sold',
  },
  log: {
    names: {
      admitted: 'Let in',
      're-entered': 'Came back',
      left: 'Left',
      'admitted-open': 'Let in, open',
      override: 'Let in by override',
    },
    title: 'Last scans',
    open: 'Last scans',
    empty: 'Nothing was scanned here yet.',
    undo: 'Undo',
    undone: 'undone',
    double: 'double',
    undoTitle: 'Undo this admission?',
    undoLead:
      'The admission stays in the books, and your correction is added to it, signed. The ticket can then be let in again.',
    undoConfirm: 'Undo admission',
    reason: 'Reason',
    reasonHint: 'For example: wrong person scanned',
    undoDone: 'Undone.',
    failed: (message) => `That did not work: ${message}`,
    unreachable: 'the node did not answer. Try again.',
    close: 'Close',
  },
  override: {
    open: 'Override…',
    title: 'Let in against the verdict?',
    lead: 'For supervisors. It is signed by this gate, counted as an override, and shown in every report.',
    reason: 'Reason',
    presets: ['Paper ticket seen', 'Name on the guest list', 'Staff or artist', 'Fault of the gate'],
    hold: 'Hold to let in',
    holding: 'Keep holding…',
    again: 'Press once more to let in',
  },
}
