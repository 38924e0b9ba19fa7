/** The files of an image as a CycloneDX bill of materials: what a scanner or an auditor starts from.  [CycloneDX 1.6] */

import { type Guid, uuidV5 } from '../bytes/guid.js'
import { jsonText } from '../bytes/json-text.js'
import type { Manifest } from './manifest-schema.js'

const SPEC_VERSION = '1.6'
/** Chosen at random once; it only has to stay what it is. */
const SERIAL_NAMESPACE: Guid = '5d0a5b0e-4d1e-4c4b-9a53-6a1b8a7f7c1e'
const MILLISECONDS = 1000

/** JSON text; the same manifest gives the same bytes. Each partition is a component, its files are components within it. */
export function sbomText(manifest: Manifest): string {
  const { image, tool, source_date_epoch: epoch } = manifest
  const bom = {
    $schema: `http://cyclonedx.org/schema/bom-${SPEC_VERSION}.schema.json`,
    bomFormat: 'CycloneDX',
    specVersion: SPEC_VERSION,
    serialNumber: `urn:uuid:${uuidV5(SERIAL_NAMESPACE, image.mapped_sha256)}`,
    version: 1,
    metadata: {
      ...(epoch !== null && { timestamp: new Date(epoch * MILLISECONDS).toISOString() }),
      tools: { components: [{ type: 'application', name: tool.name, version: tool.version }] },
      component: { type: 'firmware', 'bom-ref': 'image', name: image.name },
    },
    components: manifest.partitions.map(({ name, fs, mapped_sha256, payload }, index) => ({
      type: 'data',
      'bom-ref': `partition/${index}`,
      name: name === '' ? `partition ${index + 1}` : name,
      properties: [
        { name: 'diskloom:fs', value: fs },
        { name: 'diskloom:mapped_sha256', value: mapped_sha256 },
      ],
      components: payload.map(({ path, sha256, size_bytes }) => ({
        type: 'file',
        'bom-ref': `partition/${index}/${path}`,
        name: path,
        hashes: [{ alg: 'SHA-256', content: sha256 }],
        properties: [{ name: 'diskloom:size_bytes', value: String(size_bytes) }],
      })),
    })),
    dependencies: [{ ref: 'image', dependsOn: manifest.partitions.map((_, index) => `partition/${index}`) }],
  }
  return `${jsonText(bom, { indent: 2 })}\n`
}
