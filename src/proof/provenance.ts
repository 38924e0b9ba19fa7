/**
 * Where a release comes from, as an in-toto statement with SLSA's provenance; signed, in a DSSE envelope.
 * [in-toto Statement v1], [SLSA provenance v1], [DSSE v1]
 */

import { createHash, type KeyObject, sign } from 'node:crypto'
import { jsonText } from '../bytes/json-text.js'
import { MANIFEST_NAME } from './manifest-names.js'
import { parseManifest } from './manifest-schema.js'
import { publicKeyBytes } from './signing-key.js'

const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1'
const PREDICATE_TYPE = 'https://slsa.dev/provenance/v1'
/** How `externalParameters` are to be read: docs/signing.md, "Provenance". */
const BUILD_TYPE = 'urn:diskloom:build:1'
const PAYLOAD_TYPE = 'application/vnd.in-toto+json'

export interface ProvenanceOptions {
  /** What the build was asked, in the words of whoever runs it: config, commit, variables. */
  readonly parameters: Readonly<Record<string, string>>
  /** Identifies who ran the build, as a URI. */
  readonly builder: string
  /** Without it the statement stands bare, for a service that signs it. */
  readonly key?: KeyObject | undefined
}

/** `manifest`: the bytes of manifest.json. JSON text; nothing in it is of the time or machine of the build. */
export function provenanceText(manifest: Uint8Array, { parameters, builder, key }: ProvenanceOptions): string {
  const { image, outputs, partitions, bundle, tool } = parseManifest(manifest, MANIFEST_NAME)
  const files = outputs.flatMap(({ path, sha256 }) => (sha256 === undefined ? [] : [{ path, sha256 }]))
  const subjects = [...files, { path: MANIFEST_NAME, sha256: createHash('sha256').update(manifest).digest('hex') }]
  const payload = partitions.flatMap((partition, index) =>
    partition.payload.map(({ path, sha256 }) => ({ path: `${partition.name || index + 1}/${path}`, sha256 })),
  )
  const statement = {
    _type: STATEMENT_TYPE,
    subject: subjects.map(({ path, sha256 }) => ({ name: path, digest: { sha256 } })),
    predicateType: PREDICATE_TYPE,
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: { image: image.name, ...parameters },
        resolvedDependencies: [...payload, ...bundle].map(({ path, sha256 }) => ({ name: path, digest: { sha256 } })),
      },
      runDetails: { builder: { id: builder, version: { [tool.name]: tool.version } } },
    },
  }
  const body = `${jsonText(statement, { indent: 2 })}\n`
  return key === undefined ? body : envelope(body, key)
}

function envelope(body: string, key: KeyObject): string {
  const keyid = createHash('sha256').update(publicKeyBytes(key)).digest('hex')
  const sig = sign(null, preAuthentication(body), key).toString('base64')
  const signed = {
    payloadType: PAYLOAD_TYPE,
    payload: Buffer.from(body).toString('base64'),
    signatures: [{ keyid, sig }],
  }
  return `${jsonText(signed, { indent: 2 })}\n`
}

/** What is signed: type and body, each with its length in bytes. */
function preAuthentication(body: string): Buffer {
  const size = Buffer.byteLength(body)
  return Buffer.from(`DSSEv1 ${Buffer.byteLength(PAYLOAD_TYPE)} ${PAYLOAD_TYPE} ${size} ${body}`)
}
