import type { Words } from '#apps/page'
import type { Shown, Texts } from './texts.ts'
import { numberOf, textOf } from './params.ts'

/** When and where a ticket was let in before. */
function before({ verdict: { params }, words }: Shown): string {
  const [atMs, gate, agoMs] = [numberOf(params, 'atMs'), textOf(params, 'gate'), numberOf(params, 'agoMs')]
  const ago = agoMs === null ? '' : ` vor ${words.duration(agoMs)}`
  const time = atMs === null ? '' : ` um ${words.time(atMs)}`
  return `Dieses Ticket wurde${ago}${gate === '' ? '' : ` an Tor ${gate}`}${time} eingelassen.`
}

/** How old the news of the ticket's group are. */
function newsAge({ verdict: { params }, words }: Shown): string {
  const age = numberOf(params, 'listAgeMs')
  return age === null ? '' : ` Letzte Nachricht seiner Gruppe: ${words.duration(age)} alt.`
}

/** The part of a class's rules that does not hold. */
function ruleText(leaf: unknown, words: Words): string {
  const [kind, ...rest] = Array.isArray(leaf) ? (leaf as unknown[]) : []
  const [first, second] = rest.map((it) => (typeof it === 'number' ? it : null))
  const names = Array.isArray(rest[0]) ? rest[0].map(String).join(', ') : ''
  switch (kind) {
    case 'entries-today':
      return `Die Eintritte von heute sind aufgebraucht (${words.count(first ?? 0)}).`
    case 'entries':
      return `Die Eintritte sind aufgebraucht (${words.count(first ?? 0)}).`
    case 'minutes-since-entry':
      return `Nicht so bald nach dem letzten Eintritt: ${words.duration((first ?? 0) * 60_000)} müssen vergehen.`
    case 'gate':
      return `Nur an Tor ${names}.`
    case 'zone':
      return `Nur für Bereich ${names}.`
    case 'class':
      return 'Nicht mit dieser Art Ticket.'
    case 'time':
      return `Nur${first == null ? '' : ` ab ${words.time(first)}`}${second == null ? '' : ` bis ${words.time(second)}`}.`
    case 'day-time':
      return `Nur von ${words.minuteOfDay(first ?? 0)} bis ${words.minuteOfDay(second ?? 0)}.`
    default:
      return 'Die Regeln dieser Art Ticket erlauben es jetzt nicht.'
  }
}

/** German. */
export const GERMAN: Texts = {
  verdicts: {
    admitted: () => ({ title: 'Willkommen', why: '', todo: 'Einlassen.' }),
    're-entered': () => ({ title: 'Willkommen zurück', why: 'Wiedereintritt.', todo: 'Einlassen.' }),
    left: () => ({ title: 'Ausgetragen', why: 'Der Austritt ist festgehalten.', todo: 'Hinauslassen.' }),
    'admitted-open': () => ({
      title: 'Willkommen',
      why: 'Offener Einlass: solange Tore getrennt sind, könnte dasselbe Ticket an einem anderen gelten. Das fiele später auf.',
      todo: 'Einlassen.',
    }),
    override: () => ({
      title: 'Mit Ausnahme',
      why: 'Unterschrieben und als solche gezählt.',
      todo: 'Einlassen.',
    }),
    'not-a-ticket': () => ({
      title: 'Kein Ticket',
      why: 'Dieser Code ist etwas anderes, etwa ein Link oder eine Ware.',
      todo: 'Nach dem Code des Tickets fragen.',
    }),
    truncated: () => ({
      title: 'Nur ein Teil des Codes',
      why: 'Das Ende des Codes fehlt.',
      todo: 'Noch einmal scannen, näher und mit dem ganzen Code im Rahmen.',
    }),
    'unknown-version': () => ({
      title: 'Neuere Art von Ticket',
      why: 'Dieses Tor kennt diese Version von Tickets nicht.',
      todo: 'Zum Infostand schicken. Diesen Knoten aktualisieren.',
    }),
    'wrong-event': () => ({
      title: 'Andere Veranstaltung',
      why: 'Ein echtes Ticket, aber nicht für diese Veranstaltung.',
      todo: 'Datum und Namen auf dem Ticket ansehen.',
    }),
    'other-coop': () => ({
      title: 'Anderer Veranstalter',
      why: 'Das Ticket stammt von einer anderen Genossenschaft.',
      todo: 'Zum Infostand schicken.',
    }),
    forged: () => ({
      title: 'Gefälscht',
      why: 'Die Unterschrift ist nicht die des Ausstellers: der Code ist erfunden oder verändert.',
      todo: 'Nicht einlassen. Aufsicht rufen.',
    }),
    'issuer-unknown': () => ({
      title: 'Aussteller unbekannt',
      why: 'Kein Gerät dieser Genossenschaft hat dieses Ticket ausgestellt, oder dieses Tor weiß noch nichts davon.',
      todo: 'Das Tor mit dem Netz verbinden oder die Aufsicht fragen.',
    }),
    'issuer-suspended': () => ({
      title: 'Aussteller gesperrt',
      why: 'Das Gerät, das dieses Ticket ausgestellt hat, wurde gesperrt.',
      todo: 'Aufsicht rufen.',
    }),
    'class-unknown': () => ({
      title: 'Art hier unbekannt',
      why: 'Dieses Tor weiß noch nichts von dieser Art Ticket.',
      todo: 'Das Tor mit dem Netz verbinden und noch einmal scannen.',
    }),
    'bucket-unknown': () => ({
      title: 'Gruppe hier unbekannt',
      why: 'Dieses Tor weiß noch nichts von der Gruppe auf diesem Ticket.',
      todo: 'Das Tor mit dem Netz verbinden und noch einmal scannen.',
    }),
    'not-yet-valid': ({ verdict: { params }, words }) => {
      const fromMs = numberOf(params, 'fromMs')
      return {
        title: 'Zu früh',
        why: fromMs === null ? 'Dieses Ticket gilt noch nicht.' : `Gilt ab ${words.time(fromMs)}.`,
        todo: 'Bitten, dann wiederzukommen.',
      }
    },
    expired: ({ verdict: { params }, words }) => {
      const untilMs = numberOf(params, 'untilMs')
      return {
        title: 'Abgelaufen',
        why: untilMs === null ? 'Dieses Ticket gilt nicht mehr.' : `Es galt bis ${words.time(untilMs)}.`,
        todo: 'Ein neues Ticket ist nötig.',
      }
    },
    'wrong-zone': ({ verdict: { params } }) => {
      const zones = textOf(params, 'zones')
      return {
        title: 'Nicht für diesen Bereich',
        why: zones === '' ? 'Dieses Ticket öffnet diesen Bereich nicht.' : `Dieses Ticket öffnet: ${zones}.`,
        todo: 'Den Weg zeigen.',
      }
    },
    'wrong-group': ({ verdict: { params } }) => {
      const [group, holder] = [textOf(params, 'group'), textOf(params, 'holder')]
      const isReachable = params['reachable'] === true
      return {
        title: group === '' ? 'Anderes Tor' : `Tor ${group}`,
        why: holder === '' ? '' : `Seine Tickets hat ${holder}.`,
        todo: isReachable
          ? `Zu Tor ${group} schicken, oder dessen Tickets hierher holen.`
          : `Zu Tor ${group} schicken. Dieses Tor erreicht es gerade nicht.`,
      }
    },
    'already-admitted': (shown) => ({
      title: 'Schon drin',
      why: before(shown),
      todo: 'Nicht einlassen. Im Zweifel die Aufsicht rufen.',
    }),
    revoked: (shown) => {
      const why = textOf(shown.verdict.params, 'reason')
      return {
        title: 'Widerrufen',
        why: `${why === '' ? 'Dieses Ticket wurde widerrufen.' : `Widerrufen: ${why}.`}${newsAge(shown)}`,
        todo: 'Nicht einlassen. Zum Infostand schicken.',
      }
    },
    refunded: (shown) => ({
      title: 'Erstattet',
      why: `Das Geld wurde zurückgegeben.${newsAge(shown)}`,
      todo: 'Nicht einlassen. Ein neues Ticket ist nötig.',
    }),
    reissued: (shown) => ({
      title: 'Alter Code',
      why: `Dieses Ticket wurde neu ausgestellt, und dies ist der alte Code.${newsAge(shown)}`,
      todo: 'Nach dem neuen Code fragen.',
    }),
    rule: ({ verdict: { params }, words }) => ({
      title: 'Regel des Tickets',
      why: ruleText(params['leaf'], words),
      todo: 'Jetzt nicht einlassen.',
    }),
    'zone-full': ({ verdict: { params }, words }) => {
      const elsewhere = numberOf(params, 'elsewhere') ?? 0
      return {
        title: 'Bereich voll',
        why:
          elsewhere > 0
            ? `An diesem Tor ist kein Platz mehr frei; andere Tore haben noch ${words.count(elsewhere)}.`
            : 'In diesem Bereich ist kein Platz mehr frei.',
        todo: 'Bitten zu warten, bis jemand geht.',
      }
    },
    exposure: ({ verdict: { params }, words }) => {
      const max = numberOf(params, 'max')
      return {
        title: 'Grenze erreicht',
        why: `Getrennt darf dieses Tor nur ${max === null ? 'so viele' : words.count(max)} offene Einlässe gewähren.`,
        todo: 'Das Tor mit dem Netz verbinden oder die Aufsicht fragen.',
      }
    },
    'not-inside': () => ({
      title: 'Nicht drin',
      why: 'Hier ist kein Eintritt dieses Tickets bekannt.',
      todo: 'Hinauslassen. Es wird nichts festgehalten.',
    }),
    'code-needed': () => ({
      title: 'Lebender Code nötig',
      why: 'Dieses Ticket ist an ein Telefon gebunden; ein Bild oder Ausdruck öffnet nicht.',
      todo: 'Bitten, die Ticketseite zu öffnen: ihr Code wechselt alle 30 Sekunden.',
    }),
    'code-old': ({ verdict: { params }, words }) => {
      const age = numberOf(params, 'ageMs')
      return {
        title: 'Abfotografierter Code',
        why: `Dieser Code ist ${age === null ? 'abgelaufen' : `${words.duration(age)} alt`}: ein Bildschirmfoto oder eine stehende Seite.`,
        todo: 'Bitten, die lebende Ticketseite zu öffnen.',
      }
    },
    'clock-off': ({ verdict: { params }, words }) => {
      const ahead = numberOf(params, 'aheadMs')
      const way =
        ahead === null
          ? 'geht falsch'
          : `geht ${words.duration(Math.abs(ahead))} ${ahead > 0 ? 'vor' : 'nach'}`
      return {
        title: 'Uhr des Telefons falsch',
        why: `Die Uhr des Telefons ${way}.`,
        todo: 'Bitten, Datum und Zeit auf automatisch zu stellen, dann noch einmal scannen.',
      }
    },
    'not-issued': () => ({
      title: 'Nicht in den Büchern',
      why: 'Gut unterschrieben, aber an diesem Tor ist kein Verkauf bekannt.',
      todo: 'Das Tor mit dem Netz verbinden oder die Aufsicht fragen.',
    }),
    'too-long': () => ({
      title: 'Viel zu lang',
      why: 'Was eingefügt oder getippt wurde, ist länger als jedes Ticket.',
      todo: 'Nur den Code des Tickets kopieren oder scannen.',
    }),
    'code-unknown': () => ({
      title: 'Code unbekannt',
      why: 'Hier ist kein Ticket mit diesen 16 Buchstaben bekannt.',
      todo: 'Noch einmal lesen: 4 Gruppen zu 4 Buchstaben.',
    }),
    'gate-unsure': () => ({
      title: 'Tor holt noch auf',
      why: 'Einige Nachrichten dieser Gruppe sind noch auf dem Weg zu diesem Tor.',
      todo: 'Ein paar Sekunden warten, dann noch einmal scannen.',
    }),
    busy: () => ({
      title: 'Überlastet',
      why: 'Der Knoten hat gerade zu viel zu tun. Es wurde nichts festgehalten.',
      todo: 'Noch einmal scannen.',
    }),
    'no-answer': () => ({
      title: 'Keine Antwort',
      why: 'Der Knoten dieses Tors antwortet nicht. Niemand weiß, ob dieses Ticket gilt.',
      todo: 'Noch nicht einlassen. Strom und Netz des Knotens prüfen, dann noch einmal scannen.',
    }),
    'access-refused': () => ({
      title: 'Kein Zugang',
      why: 'Der Zugangscode dieses Telefons wurde zurückgezogen.',
      todo: 'Um einen neuen Link bitten.',
    }),
    'supervisor-needed': () => ({
      title: 'Aufsicht nötig',
      why: 'Dieses Telefon lässt nur nach den Regeln ein.',
      todo: 'Das Ticket mit dem Telefon der Aufsicht scannen.',
    }),
    'call-refused': ({ verdict: { params } }) => ({
      title: 'Nicht geprüft',
      why: textOf(params, 'message'),
      todo: textOf(params, 'next'),
    }),
    'no-code-in-photo': () => ({
      title: 'Kein Code gefunden',
      why: 'In diesem Foto ist kein lesbarer Code.',
      todo: 'Noch eines machen: näher, gerade, ohne Spiegelung.',
    }),
  },
  otherVerdict: (code) => ({
    title: 'Nicht eingelassen',
    why: `Der Knoten sagt: ${code}.`,
    todo: 'Diese Seite neu laden; die Aufsicht fragen.',
  }),
  repeated: 'Schon festgehalten; dies ist die Antwort darauf.',
  guarantee: {
    mesh: ({ gates, reachable }) => `Netz ${reachable} von ${gates} Toren: exklusiv`,
    cutOff: ({ cutOffSinceMs, own, others }, words, nowMs) =>
      `Seit ${words.duration(nowMs - (cutOffSinceMs ?? nowMs))} getrennt: kann ${words.share(own)} der eigenen Gruppe, ${words.share(others)} der anderen einlassen`,
    lostBuckets: (count) =>
      count === 1 ? '1 Bündel eines verlorenen Tors: offen' : `${count} Bündel verlorener Tore: offen`,
    noNode: (since) => `Knoten antwortet nicht${since}. Mit diesem Telefon niemanden einlassen.`,
  },
  setup: {
    title: 'Dieses Tor einrichten',
    lead: 'Einmal wählen; dieses Telefon merkt es sich.',
    event: 'Veranstaltung',
    gate: 'Tor',
    zone: 'Bereich',
    start: 'Scannen beginnen',
    noEvents: 'Es gibt noch keine Veranstaltung. Sie wird an einem Knoten angelegt: coop event create.',
    noGroups:
      'Diese Veranstaltung hat noch keine Torgruppen. Sie werden an einem Knoten angelegt: coop event bucket.',
    loading: 'Der Knoten wird nach seinen Veranstaltungen gefragt…',
  },
  scan: {
    title: 'Tor',
    aim: 'Den Code in den Rahmen halten',
    checking: 'Wird geprüft…',
    change: 'Veranstaltung, Tor oder Bereich ändern',
    direction: 'Richtung',
    entry: 'Eingang',
    exit: 'Ausgang',
    exitMode: 'Ausgang: Codes werden ausgetragen',
    codeLabel: 'Code von Hand oder Scanner',
    codeHint: '16 Buchstaben oder Scanner',
    check: 'Prüfen',
    photo: 'Foto',
    photoReading: 'Das Foto wird gelesen…',
    torch: 'Licht',
    cameraOff: 'Kamera ist aus',
    cameraRefused:
      'Die Kamera ist nicht erlaubt, oder es gibt keine. Fotos machen, den Code tippen oder einen Scanner nehmen.',
    cameraInsecure:
      'Über einfaches http von einem anderen Gerät bleibt die Kamera im Browser zu. Fotos machen, den Code tippen oder einen Scanner nehmen.',
    cameraStart: 'Kamera einschalten',
    soundOff: 'Ton',
    soundTap: 'Für Ton tippen',
    dismiss: 'Kamera',
    language: 'Sprache',
    settings: 'Einstellungen',
    buckets: 'Tickets der Tore',
    bucketsNote: 'Wer sie hat, lässt sie ein. Vor einer Trennung holen, beim Schließen übergeben.',
    bucketHere: 'hier',
    bucketAt: (holder) => `bei ${holder}`,
    bucketApart: (holder) => `bei ${holder}, nicht verbunden`,
    bucketLost: 'verloren: an jedem Tor offen',
    bucketHereLost: 'hier, gilt als verloren: an jedem anderen Tor offen',
    alone: ({ own, others }, words) =>
      `Ohne die anderen kann dieses Tor ${words.share(own)} der eigenen Gruppe, ${words.share(others)} der anderen einlassen.`,
    take: 'Holen',
    takeFor: 'Holen und einlassen',
    hand: (device) => `An ${device}`,
    handAll: (device) => `Alles an ${device}`,
    moving: 'Unterwegs…',
    moveDone: 'Erledigt.',
    moveUnderWay: (device) => `Unterwegs: diesen Knoten anlassen, bis ${device} sie hat.`,
    moveMissing: (count) => `${count} kamen nicht.`,
    moveElsewhere: (count) => `Übergeben. ${count} sind an anderen Toren.`,
  },
  counts: {
    title: 'Zahlen',
    admitted: 'Eingelassen',
    inside: 'Drinnen',
    ofCapacity: (inside, capacity) => `${inside} von ${capacity}`,
    zones: 'Bereiche',
    full: 'voll',
    doubles: 'Doppelte',
    overrides: 'Ausnahmen',
    open: 'Offen',
    refused: 'Abgewiesen',
    sold: 'Verkauft',
  },
  log: {
    names: {
      admitted: 'Eingelassen',
      're-entered': 'Wiedereintritt',
      left: 'Hinausgelassen',
      'admitted-open': 'Eingelassen, offen',
      override: 'Mit Ausnahme',
    },
    title: 'Letzte Scans',
    open: 'Letzte Scans',
    empty: 'Hier wurde noch nichts gescannt.',
    undo: 'Zurücknehmen',
    undone: 'zurückgenommen',
    double: 'doppelt',
    undoTitle: 'Diesen Einlass zurücknehmen?',
    undoLead:
      'Der Einlass bleibt in den Büchern, und deine Korrektur kommt unterschrieben dazu. Das Ticket kann danach wieder eingelassen werden.',
    undoConfirm: 'Einlass zurücknehmen',
    reason: 'Grund',
    reasonHint: 'Zum Beispiel: falsche Person gescannt',
    undoDone: 'Zurückgenommen.',
    failed: (message) => `Das ging nicht: ${message}`,
    unreachable: 'der Knoten hat nicht geantwortet. Noch einmal versuchen.',
    close: 'Schließen',
  },
  override: {
    open: 'Ausnahme…',
    title: 'Gegen das Urteil einlassen?',
    lead: 'Für die Aufsicht. Es wird von diesem Tor unterschrieben, als Ausnahme gezählt und in jedem Bericht gezeigt.',
    reason: 'Grund',
    presets: ['Papierticket gesehen', 'Name auf der Gästeliste', 'Personal oder Künstler', 'Fehler des Tors'],
    hold: 'Halten zum Einlassen',
    holding: 'Weiter halten…',
    again: 'Noch einmal drücken zum Einlassen',
  },
}
