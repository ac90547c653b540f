import LatticeCHeader
import LatticeSupport
import MeanField
import Pipeline
import Testing
import Unaries

/// Plans through the C interface: all steps over a scene in one call.
struct PlanTests {
  private static let model = """
    {"terms": [{"kernel": {"kind": "gaussian", "spatial": [2, 3]}, \
    "compatibility": {"kind": "potts", "weight": 2}}, \
    {"kernel": {"kind": "bilateral", "spatial": 5, "color": 20}, \
    "compatibility": {"kind": "potts", "weight": 3}, "normalization": "after"}], "iterations": 4}
    """

  private static let image: [UInt8] = (0..<144).map { UInt8(truncatingIfNeeded: 31 * $0) }
  private static let energies: [Float] = (0..<96).map { Float($0 % 7) / 3 }

  /// What a run gives.
  struct Outcome: Equatable {
    var status: latticecrf_status = 0
    var marginals = [Float](repeating: -1, count: 96)
    var labels = [UInt16](repeating: 9, count: 48)
  }

  private static func create(_ text: String) throws -> latticecrf_plan {
    var number: latticecrf_plan = 0
    try #require(latticecrf_plan_create(text, &number) == LATTICECRF_OK, "\(Painted.error)")
    return number
  }

  private static func run(
    _ plan: latticecrf_plan, _ scores: [Float] = energies, kind: Int32 = 0, withImage: Bool = true,
    threads: Int32 = 1,
    _ change: (inout latticecrf_scene, inout latticecrf_results) -> Void = {
      _, _ in
    }
  ) -> Outcome {
    var outcome = Outcome()
    let extents: [Int64] = [6, 8]
    scores.withUnsafeBufferPointer { scores in
      extents.withUnsafeBufferPointer { extents in
        image.withUnsafeBytes { image in
          outcome.marginals.withUnsafeMutableBufferPointer { marginals in
            outcome.labels.withUnsafeMutableBufferPointer { labels in
              var (scene, results) = (latticecrf_scene(), latticecrf_results())
              scene.size = UInt64(MemoryLayout<latticecrf_scene>.size)
              scene.extents = extents.baseAddress
              scene.rank = 2
              scene.scores = scores.baseAddress
              scene.score_count = Int64(scores.count)
              scene.labels = 2
              scene.kind = kind
              scene.threads = threads
              if withImage {
                scene.image = image.baseAddress
                scene.image_count = Int64(image.count)
                scene.channels = 3
              }
              results.size = UInt64(MemoryLayout<latticecrf_results>.size)
              results.marginals = marginals.baseAddress
              results.marginal_count = 96
              results.labels = labels.baseAddress
              results.label_count = 48
              change(&scene, &results)
              outcome.status = latticecrf_plan_run(plan, &scene, &results)
            }
          }
        }
      }
    }
    return outcome
  }

  private static func done(_ text: String) throws -> Outcome {
    let plan = try create(text)
    defer { _ = latticecrf_plan_destroy(plan) }
    return run(plan)
  }

  @Test("a model gives what the CRF that is put together by hand gives")
  func model() throws {
    let painted = try Painted()
    #expect(painted.setUnary() == LATTICECRF_OK)
    painted.term([2]) {
      #expect(
        latticecrf_crf_add_position_kernel(painted.number, [2, 3], 2, 0, $0) == LATTICECRF_OK)
    }
    painted.term(normalization: 2) {
      #expect(
        latticecrf_crf_add_bilateral_kernel(
          painted.number, [5], 1, painted.image, 144, 0, 3, [20], 1, 0, $0) == LATTICECRF_OK)
    }
    var expected = Outcome()
    #expect(painted.infer(4, 0, &expected.marginals, labels: &expected.labels) == LATTICECRF_OK)
    #expect(try Self.done(Self.model) == expected)
  }

  @Test("two steps are the first, and the second over what it gives")
  func twoSteps() throws {
    let temperature = #"{"kind": "temperature", "value": 2}"#
    let both = try Self.done("[\(temperature), {\"kind\": \"crf\", \"model\": \(Self.model)}]")
    #expect(both.status == LATTICECRF_OK)
    let first = try Self.done(temperature)
    let plan = try Self.create(Self.model)
    defer { _ = latticecrf_plan_destroy(plan) }
    let second = Self.run(plan, first.marginals, kind: 2)
    #expect(second.status == LATTICECRF_OK)
    // −log of probabilities, once in between and once as scores, which are clipped at 1e-5.
    #expect(zip(both.marginals, second.marginals).allSatisfy { abs($0 - $1) <= 1e-4 })
    #expect(both.marginals != first.marginals)
  }

  @Test("a preset, a step and a plan are read from a text")
  func texts() throws {
    for preset in CRFModel.presets where preset.name != "deepmedic" {
      let byName = try Self.done(try #require(preset.name))
      #expect(byName.status == LATTICECRF_OK)
      #expect(byName == (try Self.done(preset.json.compactText)))
      #expect(byName == (try Self.done("{\"steps\": [\"crf:model=\(preset.name ?? "")\"]}")))
    }
    let cleaned = try Self.done("majority:radius=1")
    #expect(cleaned.status == LATTICECRF_OK)
  }

  @Test("an origin moves the lattice with the tile, and must be a place")
  func origin() throws {
    let plan = try Self.create("deeplab-vgg")
    defer { _ = latticecrf_plan_destroy(plan) }
    func run(at corner: [Int64]) -> Outcome {
      corner.withUnsafeBufferPointer { corner in
        Self.run(plan) { scene, _ in scene.origin = corner.baseAddress }
      }
    }
    let whole = Self.run(plan)
    #expect(run(at: [0, 0]) == whole)
    // Points get other shares of other vertices.
    #expect(run(at: [5, 11]) != whole)
    #expect(run(at: [5, 11]).status == LATTICECRF_OK)
    #expect(run(at: [0, 1 << 31]).status == LATTICECRF_INVALID_ARGUMENT)
    #expect(Painted.error.contains("coordinate 1 of the origin"))
  }

  @Test("a plan says how far it reaches")
  func reach() throws {
    func reach(_ text: String) throws -> Int64 {
      let plan = try Self.create(text)
      defer { _ = latticecrf_plan_destroy(plan) }
      var steps: Int64 = -7
      try #require(latticecrf_plan_reach(plan, &steps) == LATTICECRF_OK, "\(Painted.error)")
      return steps
    }
    #expect(try reach("majority:radius=4") == 4)
    // Three times the bandwidth of positions.
    #expect(
      try reach(
        """
        [{"kind": "crf", "model": {"iterations": 2, "terms": [{"kernel":
        {"kind": "gaussian", "spatial": 7}, "compatibility": {"kind": "potts", "weight": 1}}]}}]
        """) == 21)
    #expect(try reach("sieve:minimum=9") == -1)
    #expect(latticecrf_plan_reach(0, nil) == LATTICECRF_INVALID_ARGUMENT)
  }

  @Test("the plan that is read is the one that is written")
  func written() throws {
    let plan = try Self.create("[\"crf:model=deeplab-vgg,iterations=3\", \"majority:radius=1\"]")
    defer { _ = latticecrf_plan_destroy(plan) }
    var length: Int64 = 0
    #expect(latticecrf_plan_json(plan, nil, 0, &length) == LATTICECRF_OK)
    var text = [CChar](repeating: 1, count: Int(length))
    // One byte less is too little, and nothing is written.
    #expect(latticecrf_plan_json(plan, &text, length - 1, &length) == LATTICECRF_OK)
    #expect(text.allSatisfy { $0 == 1 })
    #expect(latticecrf_plan_json(plan, &text, length, &length) == LATTICECRF_OK)
    let json = String(decoding: text.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let read = try Plan(json: JSONValue(parsing: json))
    #expect(read.models.map(\.iterations) == [3])
    #expect(try Self.done(json) == Self.run(plan))
  }

  @Test("arrays are given by name, and can be replaced")
  func arrays() throws {
    let plan = try Self.create(
      #"{"terms": [{"kernel": {"kind": "features", "file": "depth"}, "#
        + #""compatibility": {"kind": "potts", "weight": 3}}]}"#)
    defer { _ = latticecrf_plan_destroy(plan) }
    #expect(Self.run(plan).status == LATTICECRF_INVALID_ARGUMENT)
    #expect(Painted.error.contains("depth"), "\(Painted.error)")
    let near = (0..<48).map { Float($0 % 8) / 4 }
    #expect(latticecrf_plan_set_array(plan, "depth", near, 48, [1, 6, 8], 3) == LATTICECRF_OK)
    let first = Self.run(plan, withImage: false)
    #expect(first.status == LATTICECRF_OK, "\(Painted.error)")
    let far = near.map { 3 * $0 }
    #expect(latticecrf_plan_set_array(plan, "depth", far, 48, [1, 6, 8], 3) == LATTICECRF_OK)
    #expect(Self.run(plan, withImage: false).marginals != first.marginals)
    #expect(
      latticecrf_plan_set_array(plan, "depth", far, 47, [1, 6, 8], 3) == LATTICECRF_INVALID_ARGUMENT
    )
    #expect(
      latticecrf_plan_set_array(plan, "depth", [.nan], 1, [1], 1) == LATTICECRF_INVALID_DATA)
  }

  @Test("labels that cannot be have the probability 0, in logits and energies")
  func impossible() throws {
    let plan = try Self.create(Self.model)
    defer { _ = latticecrf_plan_destroy(plan) }
    for (kind, sign) in [(0, Float(1)), (1, -1)] as [(Int32, Float)] {
      let scores = (0..<96).map { $0 % 8 < 3 && $0 < 48 ? sign * .infinity : sign * Float($0 % 5) }
      let found = Self.run(plan, scores, kind: kind)
      #expect(found.status == LATTICECRF_OK)
      #expect((0..<48).allSatisfy { (found.marginals[$0] == 0) == ($0 % 8 < 3) })
    }
  }

  @Test("results do not depend on threads, and a plan serves several at once")
  func threads() throws {
    let plan = try Self.create(Self.model)
    defer { _ = latticecrf_plan_destroy(plan) }
    let one = Self.run(plan)
    #expect(one.status == LATTICECRF_OK)
    for threads in [0, 2, 3] as [Int32] { #expect(Self.run(plan, threads: threads) == one) }
  }

  @Test("a cancelled plan writes nothing, and runs afterwards")
  func cancelled() throws {
    let plan = try Self.create(Self.model)
    defer { _ = latticecrf_plan_destroy(plan) }
    let flag = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
    flag.initialize(to: 1)
    defer { flag.deallocate() }
    #expect(latticecrf_set_cancel_flag(flag) == LATTICECRF_OK)
    defer { _ = latticecrf_set_cancel_flag(nil) }
    let found = Self.run(plan)
    #expect(found == Outcome(status: latticecrf_status(LATTICECRF_CANCELLED)))
    flag.pointee = 0
    #expect(Self.run(plan).status == LATTICECRF_OK)
  }

  @Test("the report says what each step did; one that does not fit is not written")
  func report() throws {
    let plan = try Self.create("[\"temperature:value=2\", \"crf:model=deeplab-vgg,iterations=3\"]")
    defer { _ = latticecrf_plan_destroy(plan) }
    for capacity in [4, 4096] {
      var text = [CChar](repeating: 1, count: capacity)
      let length = UnsafeMutablePointer<Int64>.allocate(capacity: 1)
      defer { length.deallocate() }
      let found = text.withUnsafeMutableBufferPointer { text in
        Self.run(plan) { _, results in
          results.report = text.baseAddress
          results.report_capacity = Int64(capacity)
          results.objective = 1
        }
      }
      #expect(found.status == LATTICECRF_OK)
      guard capacity > 4 else {
        #expect(text.allSatisfy { $0 == 1 })
        continue
      }
      let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      let json = try JSONValue(parsing: String(decoding: bytes, as: UTF8.self))
      guard case .list(let steps)? = json["steps"] else { return #expect(Bool(false)) }
      #expect(steps.count == 2 && steps[1]["iterations"]?.number == 3)
      guard case .list(let objectives)? = steps[1]["free_energy"] else {
        return #expect(Bool(false))
      }
      #expect(objectives.count == 4)
    }
  }

  @Test(
    "a wrong text is refused with what is wrong",
    arguments: [
      ("{", "JSON"), ("deeplab", "deeplab-vgg"), ("", "preset"), ("crf:model=nothing", "preset"),
      ("{\"steps\": 3}", "list"), ("[\"majority\", \"crf\"]", "is a label filter"),
      (#"{"kind": "sharpen"}"#, "temperature"),
      (#"{"terms": [{"kernel": {"kind": "x"}}]}"#, "term"),
      (#"{"terms": [], "iterations": -1}"#, "iterations"),
      ("temperature:value=hot", "value"),
    ])
  func wrongText(text: String, expected: String) {
    var plan: latticecrf_plan = 7
    #expect(latticecrf_plan_create(text, &plan) != LATTICECRF_OK)
    #expect(Painted.error.contains(expected), "\(Painted.error)")
    #expect(plan == 7)
  }

  @Test("wrong scenes and results are refused, and write nothing")
  func wrongScenes() throws {
    let plan = try Self.create(Self.model)
    defer { _ = latticecrf_plan_destroy(plan) }
    let changes: [(Int, String, (inout latticecrf_scene, inout latticecrf_results) -> Void)] = [
      (LATTICECRF_INVALID_ARGUMENT, "sizeof", { scene, _ in scene.size = 0 }),
      (LATTICECRF_INVALID_ARGUMENT, "sizeof", { scene, _ in scene.size += 8 }),
      (LATTICECRF_INVALID_ARGUMENT, "sizeof", { _, results in results.size = 4 }),
      (LATTICECRF_INVALID_ARGUMENT, "null", { scene, _ in scene.scores = nil }),
      (LATTICECRF_INVALID_ARGUMENT, "null", { scene, _ in scene.extents = nil }),
      (LATTICECRF_INVALID_ARGUMENT, "image", { scene, _ in scene.image = nil }),
      (LATTICECRF_INVALID_ARGUMENT, "the image has", { scene, _ in scene.image_count = 5 }),
      (LATTICECRF_INVALID_ARGUMENT, "channels", { scene, _ in scene.channels = 0 }),
      (LATTICECRF_INVALID_ARGUMENT, "elements", { scene, _ in scene.element = 9 }),
      (LATTICECRF_INVALID_ARGUMENT, "kind", { scene, _ in scene.kind = -1 }),
      (LATTICECRF_INVALID_ARGUMENT, "labels", { scene, _ in scene.labels = 0 }),
      (LATTICECRF_INVALID_ARGUMENT, "threads", { scene, _ in scene.threads = -1 }),
      (LATTICECRF_INVALID_DATA, "probability", { scene, _ in scene.kind = 2 }),
      (LATTICECRF_INVALID_ARGUMENT, "marginals", { _, results in results.marginal_count = 3 }),
      (
        LATTICECRF_INVALID_ARGUMENT, "both null",
        { _, results in
          results.marginals = nil
          results.labels = nil
        }
      ),
    ]
    for (status, text, change) in changes {
      let found = Self.run(plan, Self.energies, change)
      #expect(found == Outcome(status: latticecrf_status(status)), "\(text): \(Painted.error)")
      #expect(Painted.error.contains(text), "\(text): \(Painted.error)")
    }
    #expect(latticecrf_plan_run(plan, nil, nil) == LATTICECRF_INVALID_ARGUMENT)
    #expect(latticecrf_plan_create(nil, nil) == LATTICECRF_INVALID_ARGUMENT)
    #expect(latticecrf_plan_json(plan, nil, 0, nil) == LATTICECRF_INVALID_ARGUMENT)
    let destroyed = try Self.create("majority")
    #expect(latticecrf_plan_destroy(destroyed) == LATTICECRF_OK)
    #expect(Self.run(destroyed).status == LATTICECRF_INVALID_HANDLE)
  }

  @Test("labels without scores are cleaned, in place too; wrong ones are refused")
  func labelsAlone() throws {
    let plan = try Self.create("majority")
    var labels: [UInt16] = [0, 0, 0, 0, 9, 0, 0, 0, 0]
    let given = labels
    let extents: [Int64] = [3, 3]
    var cleaned = [UInt16](repeating: 4, count: 9)
    #expect(latticecrf_plan_clean(plan, labels, 9, extents, 2, 1, &cleaned, 9) == LATTICECRF_OK)
    #expect(cleaned == [UInt16](repeating: 0, count: 9))
    let status = labels.withUnsafeMutableBufferPointer { labels in
      latticecrf_plan_clean(plan, labels.baseAddress, 9, extents, 2, 0, labels.baseAddress, 9)
    }
    #expect(status == LATTICECRF_OK)
    #expect(labels == cleaned)
    cleaned = given
    let refining = try Self.create("temperature:value=2")
    let calls: [(String, (UnsafeMutablePointer<UInt16>) -> Int32)] = [
      ("labels", { latticecrf_plan_clean(plan, given, 8, extents, 2, 0, $0, 9) }),
      ("cleaned labels", { latticecrf_plan_clean(plan, given, 9, extents, 2, 0, $0, 8) }),
      ("null", { latticecrf_plan_clean(plan, nil, 9, extents, 2, 0, $0, 9) }),
      ("labels alone", { latticecrf_plan_clean(refining, given, 9, extents, 2, 0, $0, 9) }),
    ]
    for (text, call) in calls {
      #expect(call(&cleaned) == LATTICECRF_INVALID_ARGUMENT)
      #expect(Painted.error.contains(text), "\(text): \(Painted.error)")
    }
    #expect(cleaned == given)
  }

  @Test("what the library knows is told: presets, kinds, and the header's numbers")
  func kinds() throws {
    #expect(latticecrf_abi_version() == Int32(LATTICECRF_ABI_VERSION))
    var length: Int64 = 0
    #expect(latticecrf_kinds_json(nil, 0, &length) == LATTICECRF_OK)
    var text = [CChar](repeating: 1, count: Int(length))
    #expect(latticecrf_kinds_json(&text, length, &length) == LATTICECRF_OK)
    let json = try JSONValue(
      parsing: String(decoding: text.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
    guard case .list(let presets)? = json["presets"] else { return #expect(Bool(false)) }
    #expect(try presets.map { try CRFModel(json: $0) } == CRFModel.presets)
    #expect(json["default_preset"]?.text == CRFModel.defaultPreset)
    guard case .list(let kernels)? = json["kernels"] else { return #expect(Bool(false)) }
    #expect(kernels.compactMap { $0["name"]?.text } == KernelKind.registry.names)
    for (name, word, number) in [
      ("normalization", "symmetric", LATTICECRF_NORMALIZE_SYMMETRIC),
      ("normalization", "none", LATTICECRF_NORMALIZE_NONE),
      ("normalization", "after", LATTICECRF_NORMALIZE_AFTER),
      ("selfTerm", "excluded", LATTICECRF_SELF_EXCLUDED),
      ("filter", "exact", LATTICECRF_FILTER_EXACT), ("scoreKind", "logits", LATTICECRF_LOGITS),
      ("layout", "channelsLast", LATTICECRF_CHANNELS_LAST),
      ("element", "float32", LATTICECRF_FLOAT32), ("axisOrder", "gridOrder", LATTICECRF_GRID_ORDER),
      ("kernelType", "full", LATTICECRF_FULL_KERNEL), ("precision", "double", LATTICECRF_DOUBLE),
      ("recipe", "pairs", LATTICECRF_RECIPE_PAIRS),
      ("recipe", "lattice", LATTICECRF_RECIPE_LATTICE),
    ] {
      #expect(json["enumerations"]?[name]?[word]?.number == Double(number), "\(name).\(word)")
    }
  }
}
