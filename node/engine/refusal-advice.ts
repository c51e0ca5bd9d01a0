/** The next step, as a sentence, after a rule of the co-op refused a local write. */
export function adviceFor(refusal: string): string {
  switch (refusal) {
    case 'not-a-member':
      return 'Join the co-op with an invite first.'
    case 'no-slots':
      return 'Only a device that holds slots can invite; ask a steward for an invite.'
    case 'role':
      return 'Ask a steward: this role may not do that.'
    case 'chain-waits':
      return 'Connect to another device of the co-op; it has what is missing.'
    case 'document-declined':
      return 'Run `coop documents want ID` to have the document here again.'
    case 'document-incomplete':
      return 'Connect to a device that has all of it; `coop documents` shows what is missing.'
    case 'forked':
      return 'Give this folder a key of its own: `coop restore --new-key`, with the recovery kit of the member.'
    default:
      return 'Check the input; docs/protocol/documents.md says what each document takes.'
  }
}
