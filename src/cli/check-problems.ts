/** Everything that a check of an image found, as problems for people. */
import type { Problem } from '../errors.js'
import { imageFindingProblem } from '../inspect/check-image.js'
import type { CheckedImage } from '../inspect.js'

/** `name`: what people call the image. */
export function checkProblems({ findings, differences, disagreements }: CheckedImage, name: string): Problem[] {
  return [...findings.map((finding) => imageFindingProblem(name, finding)), ...differences, ...disagreements]
}
