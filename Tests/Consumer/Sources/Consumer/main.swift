import Conformance
import Foundation
import Lattice
import LatticeSupport
import MeanField
import Pipeline
import Unaries

// Pieces from outside the package: each is registered, described by its name, run, and held to what
// its protocol promises. Exits with 1 where anything is not as it should be.

nonisolated(unsafe) var failures = 0

func expect(_ isTrue: Bool, _ what: String) {
  guard !isTrue else { return }
  print("broken: \(what)")
  failures += 1
}

func expectNone(_ report: Conformance.Report, _ what: String) {
  for violation in report.violations { expect(false, "\(what): \(violation)") }
}

/// A red disc on a green ground, the right half in shadow.
let (width, height) = (30, 20)
func isInside(_ x: Int, _ y: Int) -> Bool {
  (x - 14) * (x - 14) + (y - 10) * (y - 10) <= 36
}
let image = try Image(
  width: width, height: height,
  rgb: (0..<width * height).flatMap { point -> [UInt8] in
    let (y, x) = point.quotientAndRemainder(dividingBy: width)
    let light = x < width / 2 ? 2 : 1
    return (isInside(x, y) ? [100, 20, 20] : [30, 90, 40]).map { UInt8($0 * light) }
  })
let scene = Scene(image)
let truth = (0..<width * height).map { point in
  let (y, x) = point.quotientAndRemainder(dividingBy: width)
  return UInt16(isInside(x, y) ? 1 : 0)
}
let unary = ColorModelUnary(colors: [[60, 180, 80], [200, 40, 40]], sigma: 60)

try KernelKind.registry.register(.chroma)
try CompatibilityKind.registry.register(.ordered)
try FilterKind.registry.register(.direct)
try FilterKind.registry.register(.binned)
try RefinementKind.registry.register(.sharpen)
try LabelFilterKind.registry.register(.unsure)

// By their names, as options and files have them.
let model = CRFModel(
  terms: [
    try CRFModel.Term(
      "chroma:spatial=10,chroma=0.1,compatibility=ordered,weight=8,limit=1")
  ], iterations: 5, filter: Description(.direct))
let read = try CRFModel(json: JSONValue(parsing: model.json.text()))
expect(read == model, "a model of registered kinds is read back from its JSON")

let plan = try Plan(
  steps: [.refinement(Description(.crf, ["model": .description(model.json)]))]
    + Plan(["sharpen:power=2", "unsure:least=0.5"]).steps)
let result = try PreparedPlan(plan).run(unary.energies(for: image), over: scene)
expect(result.labels.labels == truth, "together the pieces find the disc in the shadow")
expect(try Plan.help(for: "sharpen").contains("power=NUMBER"), "help knows a registered step")

// What a person slips on is explained by the declared settings.
do {
  _ = try CRFModel.Term("chroma:weight=1,spatial=10,chroma=0")
  expect(false, "a setting outside of its range is refused")
} catch let error as InputError {
  expect(error.description.contains("a number above 0"), "the refusal says what is expected")
}

// What the protocols promise.
let kernel = try CRFModel.Term(KernelKind.chroma.example).kernel.kernel(on: scene.grid)
expectNone(try Conformance.check(kernel, over: scene), "chroma")
expectNone(
  try Conformance.check(OrderedCompatibility(weight: 1, limit: 2), labelCounts: [1, 4]), "ordered")
expectNone(try Conformance.check(unary: { _ in unary }, over: scene), "colour model")
expectNone(try Conformance.check(Sharpening(power: 3), over: scene), "sharpen")
expectNone(try Conformance.check(UnsureLabels(least: 0.4), over: scene), "unsure")
var generator = SeededGenerator(seed: 5)
let features = try FeatureMatrix(
  points: 60, dimensions: 3, rows: (0..<180).map { _ in 3 * generator.uniform() })
// Sums in float64, rounded once.
expectNone(
  try Conformance.check(DirectBackend(), on: features, accuracy: 1e-6), "direct backend")

// A backend on the fast path: what it promises, and that inference sweeps it with other terms.
let line = try FeatureMatrix(
  points: 4500, dimensions: 1, rows: (0..<4500).map { _ in 9 * generator.uniform() })
let binned = try BinnedBackend().makeFilter(for: line, parallelism: .automatic)
if let factored = binned.factored {
  expectNone(Conformance.check(factored), "binned backend")
} else {
  expect(false, "the binned backend is on the fast path")
}
let few = try FeatureMatrix(
  points: 60, dimensions: 1, rows: (0..<60).map { _ in 9 * generator.uniform() })
// Two interpolations between bins widen a Gaussian of 16 squared bins by a third of one.
expectNone(try Conformance.check(BinnedBackend(), on: few, accuracy: 0.01), "binned backend")
let brightness = try FeatureKernel(
  rows: (0..<width * height).map { image[$0, 0] / 20 }, dimensions: 1)
func marginals(_ backend: any FilterBackend) throws -> [Float] {
  try DenseCRF(
    scene: scene, unary: unary.energies(for: image),
    terms: [PairwiseTerm(brightness, weight: 2)], backend: backend
  ).marginals(iterations: 5).values.rows()
}
// Ten times what normalised sums may be off by: an update amplifies a difference a few times.
expect(
  try zip(marginals(BinnedBackend()), marginals(DirectBackend())).allSatisfy {
    abs($0 - $1) <= 0.1
  },
  "marginals of the fast backend are near those of all pairs")

guard failures == 0 else { exit(1) }
print("consumer: all pieces work by their names and keep their promises")
