import Foundation
import LatticeSupport
import MeanField
import Pipeline
import Testing
import Tuning
import Unaries

@Suite("Learning a CRF's numbers")
struct LearningTests {
  private static func plan(_ terms: [String], iterations: Int = 3) throws -> Plan {
    Plan(CRFModel(terms: try terms.map { try CRFModel.Term($0) }, iterations: iterations))
  }

  private static let terms = [
    "gaussian:weight=0.5,spatial=1.5", "bilateral:weight=1.2,spatial=4x3,color=40",
  ]

  private static func learner(
    _ options: LearningOptions, _ terms: [String] = terms, _ images: [TuningImage]? = nil,
    parts: [Int]? = nil, state: SearchState? = nil, threads: Int = 1
  ) throws -> Learner {
    try Learner(
      from: plan(terms), on: images ?? LearningScene.images(), parts: parts, options, state: state,
      parallelism: Parallelism(threads: threads))
  }

  /// Differences of a smooth function in double: h² and 10⁻¹⁶ / h are both about 10⁻¹⁰.
  @Test(
    "follows slopes that are those of the loss",
    arguments: [
      (Set<LearnedPart>([.weights, .bandwidths, .compatibility]), terms, 2 + 4 + 6),
      ([.bandwidths, .diagonal], terms, 4 + 3),
      (
        [.weights, .compatibility],
        [
          "gaussian:weight=0.5,spatial=1.5",
          "bilateral:compatibility=matrix,costs=mu.npy,symmetric=no,weight=1.2,spatial=4,color=40",
        ], 2 + 6 + 9
      ),
      (
        [.weights, .bandwidths],
        ["lab:weight=0.7,spatial=4,color=9", "gaussian:weight=0.5,spatial=2,normalization=after"],
        2 + 2 + 1
      ),
    ] as [(Set<LearnedPart>, [String], Int)],
    [LearningObjective.logLikelihood(), .iou(), .focal(gamma: 2)])
  func gradient(
    _ problem: (learned: Set<LearnedPart>, terms: [String], count: Int), loss: LearningObjective
  ) throws {
    var plan = try Self.plan(problem.terms)
    if problem.terms[1].contains("mu.npy") {
      plan = try plan.changingModels { model in
        model.terms[1].compatibility.settings["costs"] = .array(
          .inline(shape: [3, 3], values: [-1, 0.2, 0.1, 0.3, -1, 0, -0.2, 0.1, -0.8]))
      }
    }
    let learner = try Learner(
      from: plan, on: LearningScene.images(),
      LearningOptions(problem.learned, loss: loss, sums: .exact), parallelism: .serial)
    #expect(learner.parameters.count == problem.count)
    let start = learner.start
    let (_, gradient) = try learner.loss(at: start)
    let scale = gradient.map(abs).max() ?? 0
    #expect(scale > 1e-3)
    for place in start.indices {
      var (low, high) = (start, start)
      low[place] -= 1e-5
      high[place] += 1e-5
      let difference = try (learner.loss(at: high).value - learner.loss(at: low).value) / 2e-5
      #expect(
        abs(gradient[place] - difference) <= 1e-8 * max(1, scale),
        "\(learner.parameters[place].name): \(gradient[place]), \(difference)")
    }
  }

  @Test("beats its start, on other images too", arguments: LearningOptions.Sums.allCases)
  func improvement(sums: LearningOptions.Sums) throws {
    let learned: Set<LearnedPart> =
      sums == .exact ? [.weights, .bandwidths, .compatibility] : [.weights, .compatibility]
    let images = LearningScene.images(0..<6)
    let outcome = try Self.learner(
      LearningOptions(learned, sums: sums, iterations: 25, patience: nil), Self.terms, images,
      parts: [0, 1, 0, 1, 0, 1]
    ).run()
    let (first, last) = (outcome.curve[0], outcome.curve[outcome.taken])
    #expect(outcome.taken == outcome.curve.count - 1)
    #expect(
      zip(outcome.curve, outcome.curve.dropFirst()).allSatisfy { $0.evaluations < $1.evaluations })
    // Far more than rounding; what it is by is the scene's affair.
    #expect(last.training.loss < 0.9 * first.training.loss)
    #expect(try #require(last.heldOut).loss < 0.95 * #require(first.heldOut).loss)
    #expect(
      try #require(last.training.confusion.pixelAccuracy)
        > #require(first.training.confusion.pixelAccuracy))
    // Scores alone take the third label for the first.
    let unary = try Self.plan([])
    #expect(throws: InputError.self) {
      try Learner(from: unary, on: images, LearningOptions(learned, sums: sums))
    }
  }

  /// What is written and read again has the numbers in single precision.
  @Test("gives a model that computes what was learned", arguments: LearningOptions.Sums.allCases)
  func model(sums: LearningOptions.Sums) throws {
    let outcome = try Self.learner(
      LearningOptions([.weights, .compatibility], sums: sums, iterations: 4, patience: nil)
    ).run()
    let read = try CRFModel(json: JSONValue(parsing: outcome.model.json.text()))
    #expect(read == outcome.model)
    #expect(try Plan(json: JSONValue(parsing: outcome.plan.json.text())).models == [read])
    let again = try Learner(
      from: Plan(read), on: LearningScene.images(), LearningOptions([.weights], sums: sums),
      parallelism: .serial)
    let loss = try again.loss(at: again.start).value
    #expect(abs(loss - outcome.curve[outcome.taken].training.loss) < 1e-6)
  }

  @Test(
    "does not depend on threads",
    arguments: [
      LearningOptions([.weights, .bandwidths, .diagonal], iterations: 6),
      LearningOptions([.weights, .compatibility], sums: .lattice, iterations: 6),
    ])
  func threads(options: LearningOptions) throws {
    let curves = try [1, 2, 5].map { threads in
      try Self.learner(options, parts: [0, 1, 0], threads: threads).run().curve
    }
    #expect(curves[0].count > 3)
    #expect(curves[0] == curves[1] && curves[0] == curves[2])
  }

  @Test("goes on where it was stopped, and ends as an undisturbed run to the last bit")
  func resumption() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let images = try LearningScene.images().map { image in
      let path = folder.appending(path: image.name).path
      try image.name.write(toFile: path, atomically: false, encoding: .utf8)
      return TuningImage(
        name: image.name, scores: path, image: nil, truth: path, load: image.load)
    }
    let file = folder.appending(path: "state.jsonl")
    func run(_ state: SearchState?, steps: Int = 8) throws -> LearningOutcome {
      try Self.learner(
        LearningOptions([.weights, .bandwidths], iterations: steps, patience: nil), Self.terms,
        images, parts: [0, 0, 1], state: state
      ).run()
    }
    let state = SearchState(file.path, conditions: ["one": "1"])
    let undisturbed = try run(nil)
    #expect(try run(state).curve == undisturbed.curve)
    // As after a kill: some lines, and a part of the next.
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    try (lines.prefix(6).joined(separator: "\n") + "\n" + lines[6].prefix(20))
      .write(to: file, atomically: false, encoding: .utf8)
    let resumed = try run(state)
    #expect(resumed.foundCount == 5)
    #expect(resumed.madeCount == undisturbed.madeCount - 5)
    #expect(resumed.curve == undisturbed.curve && resumed.model == undisturbed.model)
    // More steps go on from the last.
    let longer = try run(state, steps: 10)
    #expect(longer.foundCount == undisturbed.madeCount)
    #expect(Array(longer.curve.prefix(undisturbed.curve.count)) == undisturbed.curve)
    for other in [
      SearchState(file.path, conditions: ["one": "2"]), SearchState(file.path, conditions: [:]),
    ] {
      let error = try #require(throws: InputError.self) { try run(other) }
      #expect(error.description.contains("belongs to another learning"), "\(error)")
    }
    let error = try #require(throws: InputError.self) {
      try Self.learner(
        LearningOptions([.weights]), Self.terms, images, parts: [0, 0, 1], state: state)
    }
    #expect(error.description.contains("the learned part was bandwidths,weights"), "\(error)")
  }

  @Test("ends where the images held out get worse, and takes the best for them")
  func patience() throws {
    // Held out: labels that have nothing to do with the scores.
    let images = LearningScene.images(0..<4) { seed, truth in
      guard seed % 2 == 1 else { return }
      for point in truth.indices { truth[point] = UInt16((point * 7 + point / 5) % 3) }
    }
    let outcome = try Self.learner(
      LearningOptions([.weights], sums: .exact, patience: 3), Self.terms, images,
      parts: [0, 1, 0, 1]
    ).run()
    let losses = try outcome.curve.map { try #require($0.heldOut).loss }
    #expect(outcome.ending == .heldOut)
    #expect(outcome.curve.count == outcome.taken + 4)
    #expect(losses[outcome.taken] == losses.min())
  }

  /// Means of equal numbers are those numbers to rounding, and shifts of all positions alike change
  /// no Gaussian.
  @Test("has bandwidths in points of the whole image, however small it was made")
  func reduction() throws {
    let whole = LearningScene.width * LearningScene.height
    let small = try Self.learner(LearningOptions([.weights, .bandwidths]))
    let enlarged = try Self.learner(
      LearningOptions([.weights, .bandwidths], points: whole),
      ["gaussian:weight=0.5,spatial=3", "bilateral:weight=1.2,spatial=8x6,color=40"],
      LearningScene.images(enlargedBy: 2))
    let (first, second) = (
      try small.loss(at: small.start), try enlarged.loss(at: enlarged.start)
    )
    #expect(abs(first.value - second.value) < 1e-12)
    for (one, other) in zip(first.gradient, second.gradient) { #expect(abs(one - other) < 1e-12) }
    let spatial = zip(small.parameters, enlarged.parameters).filter {
      $0.0.name.contains("spatial")
    }
    #expect(spatial.count == 3)
    for (one, other) in spatial {
      #expect(2 * one.start == other.start)
      #expect(2 * one.bounds.lowerBound == other.bounds.lowerBound)
    }
    let narrow = try Self.learner(
      LearningOptions([.weights], sums: .exact, points: whole, iterations: 1),
      ["gaussian:weight=0.5,spatial=1"], LearningScene.images(enlargedBy: 2)
    ).run().narrow
    #expect(narrow.map(\.name) == ["gaussian.spatial"] && narrow[0].least == 1.2)
  }

  @Test("runs the steps before the CRF")
  func stepsBefore() throws {
    let model = try Self.plan(Self.terms).models[0]
    func loss(_ steps: [String]) throws -> Double {
      let plan = try Plan(steps: Plan(steps).steps + Plan(model).steps)
      let learner = try Learner(
        from: plan, on: LearningScene.images(), LearningOptions([.weights], sums: .exact),
        parallelism: .serial)
      return try learner.loss(at: learner.start).value
    }
    // A temperature of 1 changes nothing but by single precision.
    #expect(abs(try loss([]) - loss(["temperature:value=1"])) < 1e-6)
    #expect(abs(try loss([]) - loss(["temperature:value=3"])) > 1e-2)
  }

  @Test("refuses what cannot be learned")
  func refusals() throws {
    func expect(_ text: String, _ body: () throws -> Learner) throws {
      let error = try #require(throws: InputError.self) { _ = try body() }
      #expect(error.description.contains(text), "\(error)")
    }
    let void = LearningScene.images { _, truth in
      for point in truth.indices { truth[point] = 255 }
    }
    try expect("no image to learn from has a pixel that counts") {
      try Self.learner(LearningOptions([.weights]), Self.terms, void)
    }
    let half = LearningScene.images { seed, truth in
      guard seed == 1 else { return }
      for point in truth.indices { truth[point] = 255 }
    }
    try expect("no image to hold out has a pixel that counts") {
      try Self.learner(LearningOptions([.weights]), Self.terms, half, parts: [0, 1, 0])
    }
    try expect("no image to learn from") {
      try Self.learner(LearningOptions([.weights]), parts: [1, 1, 1])
    }
    try expect("bandwidths cannot be learned over a lattice") {
      try Self.learner(LearningOptions([.weights, .bandwidths], sums: .lattice))
    }
    try expect("its logarithm is learned") {
      try Self.learner(LearningOptions([.weights]), ["gaussian:weight=0,spatial=1"])
    }
    try expect("finds nothing to learn") { try Self.learner(LearningOptions([.weights]), []) }
    try expect("a plan with 0 CRFs") {
      try Learner(
        from: Plan(["majority:radius=1"]), on: LearningScene.images(), LearningOptions([.weights]))
    }
    let strange = LearningScene.images { _, truth in truth[5] = 7 }
    try expect("-t.png") { try Self.learner(LearningOptions([.weights]), Self.terms, strange) }
    // Images with nothing but void among others do no harm.
    _ = try Self.learner(LearningOptions([.weights]), Self.terms, half)
  }

  @Test(
    "is asked for in words",
    arguments: [
      ("weights", [.weights]), ("bandwidths,weights", [.weights, .bandwidths]),
      ("compatibility,weights,weights", [.weights, .compatibility]),
    ] as [(String, Set<LearnedPart>)])
  func words(text: String, parts: Set<LearnedPart>) throws {
    #expect(try LearnedPart.parts(text) == parts)
  }

  @Test(arguments: [
    ("weight", "did you mean 'weights'"), ("", "known are weights, bandwidths"),
    ("diagonal,compatibility", "has the first in it"),
  ])
  func wordsThatCannotBeFollowedAreRefused(text: String, says: String) throws {
    let error = try #require(throws: InputError.self) { try LearnedPart.parts(text) }
    #expect(error.description.contains(says), "\(error)")
  }
}
