/** What stands on the sheet of a recovery kit, for the page and for the file that `coop kit print` writes. */
export interface KitSheet {
  /** The 24 words, in their order. */
  words: string[]
  /** What the QR code says: the words as a person would type them, so that any reader of codes will do. */
  code: string
  facts: { name: string; value: string; isCode: boolean }[]
  /** Headed lists of what to do. `code` is typed as it stands. */
  advice: { title: string; steps: { text: string; code?: string }[] }[]
}

/**
 * Puts a sheet together.
 *
 * @param kit.coop - id of the co-op, 64 hexadecimal digits
 * @param kit.member - the member's recovery key, 64 hexadecimal digits
 */
export function kitSheet(kit: { words: string; name: string; coop: string; member: string }): KitSheet {
  const words = kit.words.trim().split(/\s+/)
  return {
    words,
    code: words.join(' '),
    facts: [
      { name: 'Co-op', value: kit.name, isCode: false },
      { name: 'Fingerprint of the co-op', value: grouped(kit.coop), isCode: true },
      { name: 'Key of the member', value: grouped(kit.member), isCode: true },
    ],
    advice: ADVICE,
  }
}

/** Hexadecimal digits in fours, to be compared by eye. */
function grouped(hex: string): string {
  return hex.match(/.{1,4}/g)?.join(' ') ?? hex
}

const ADVICE: KitSheet['advice'] = [
  {
    title: 'When a device is lost, stolen or broken, or its passphrase is forgotten',
    steps: [
      { text: 'Tell a steward of the co-op at once: the lost device keeps its rights until they act.' },
      { text: 'Start Coopmesh on another device, and ask a member for an invite link.' },
      {
        text:
          'Join with the link and with these words, so that you stay the member that you are: on the page of the new ' +
          'device, or with',
        code: 'coop join LINK --kit',
      },
      {
        text: 'Compare the fingerprint of the co-op: it stands under Documents as the co-op id, there and with others.',
      },
      {
        text: 'If the data folder came back from a backup, do not join again. Give it a new key:',
        code: 'coop restore --new-key',
      },
    ],
  },
  {
    title: 'Keep this sheet',
    steps: [
      { text: 'On paper, away from your devices; best two copies in two places.' },
      { text: 'Whoever has the words can act as you. No photographs, no mailbox, no cloud.' },
      { text: 'If somebody else may have seen them, tell a steward.' },
    ],
  },
]
