import LatticeCHeader
import LatticeSupport
import MeanField
import Pipeline
import Unaries

/// `latticecrf_plan_create`.
@_cdecl("latticecrf_plan_create")
public func createPlan(
  _ text: UnsafePointer<CChar>?, _ plan: UnsafeMutablePointer<UInt64>?
) -> Int32 {
  call {
    let number = try Arguments.pointer(plan, "plan", alignment: 8)
    number.pointee = PlanObject.all.add(try PlanObject(Arguments.text(text, "the plan")))
  }
}

/// `latticecrf_plan_destroy`.
@_cdecl("latticecrf_plan_destroy")
public func destroyPlan(_ plan: UInt64) -> Int32 {
  call { try PlanObject.all.remove(plan) }
}

/// `latticecrf_plan_json`.
@_cdecl("latticecrf_plan_json")
public func planJSON(
  _ plan: UInt64, _ text: UnsafeMutablePointer<CChar>?, _ capacity: Int64,
  _ length: UnsafeMutablePointer<Int64>?
) -> Int32 {
  call {
    let length = try Arguments.pointer(length, "length", alignment: 8)
    let json = try PlanObject.all.object(plan).plan.json
    length.pointee = Arguments.give(json.compactText, to: text, capacity: capacity)
  }
}

/// `latticecrf_plan_reach`.
@_cdecl("latticecrf_plan_reach")
public func planReach(_ plan: UInt64, _ steps: UnsafeMutablePointer<Int64>?) -> Int32 {
  call {
    let steps = try Arguments.pointer(steps, "steps", alignment: 8)
    switch try PlanObject.all.object(plan).prepared().reach {
    case .steps(let count): steps.pointee = Int64(count)
    case .everywhere: steps.pointee = -1
    }
  }
}

/// `latticecrf_plan_set_array`.
@_cdecl("latticecrf_plan_set_array")
public func setArray(
  _ plan: UInt64, _ name: UnsafePointer<CChar>?, _ values: UnsafePointer<Float>?, _ count: Int64,
  _ extents: UnsafePointer<Int64>?, _ rank: Int32
) -> Int32 {
  call {
    let object = try PlanObject.all.object(plan)
    let name = try Arguments.text(name, "the array's name")
    let what = "the array \(quoted(name))"
    let values = try Arguments.pointer(values, what)
    // An array's axes are bounded as a grid's are.
    let shape = try Arguments.grid(extents, rank: rank)
    try Arguments.count(count, 1, shape.count, what)
    let numbers = Array(UnsafeBufferPointer(start: values, count: shape.count))
    if let index = numbers.firstIndex(where: { !($0.magnitude <= Arguments.largestFeature) }) {
      throw CallError.data(
        "number \(index) of \(what) is \(numbers[index]), but must be finite and at most "
          + "\(Arguments.largestFeature) in magnitude")
    }
    object.set(try NumericArray(shape: shape.extents, values: numbers), for: name)
  }
}

/// `latticecrf_plan_run`.
@_cdecl("latticecrf_plan_run")
public func runPlan(
  _ plan: UInt64, _ scene: UnsafePointer<latticecrf_scene>?,
  _ results: UnsafeMutablePointer<latticecrf_results>?
) -> Int32 {
  call {
    let object = try PlanObject.all.object(plan)
    let target = try Arguments.pointer(results, "results", alignment: 8)
    let wanted = try Arguments.structure(
      UnsafePointer(target), "results", defaults: latticecrf_results())
    let scene = try SceneArguments(
      Arguments.structure(scene, "scene", defaults: latticecrf_scene()))
    let arrays = try ResultArguments(
      wanted.marginals, wanted.marginal_count, layout: wanted.layout, wanted.labels,
      wanted.label_count, of: scene.grid, labels: scene.labelCount)
    let prepared = try object.prepared()
    defer { LargeBlocks.shared.endRound() }
    let energies = try scene.energies()
    let image = try scene.image(leastSigma: object.leastColorSigma)
    if image == nil, let (step, reason) = prepared.needsImage {
      throw CallError.argument("the step \(step) \(reason), but there is no image")
    }
    let request = RefinementRequest(
      parallelism: scene.parallelism,
      notesObjective: wanted.objective != 0 && wanted.report != nil)
    let mask = try scene.mask()
    var points = try Scene(
      grid: scene.grid, image: image, origin: scene.origin(), mask: mask)
    points.displacements = try scene.displacements()
    var result = try prepared.run(
      consume energies, over: points, request, needsLabels: arrays.wantsLabels)
    try Cancellation.check()
    if let mask { result.marginals.erase(leftOutBy: mask) }
    arrays.write(marginals: result.marginals, parallelism: scene.parallelism)
    if let labels = result.labels { arrays.write(labels: labels) }
    try give(result, of: prepared, to: target, wanted)
  }
}

/// `latticecrf_plan_clean`.
@_cdecl("latticecrf_plan_clean")
public func cleanLabels(
  _ plan: UInt64, _ labels: UnsafePointer<UInt16>?, _ count: Int64,
  _ extents: UnsafePointer<Int64>?, _ rank: Int32, _ threads: Int32,
  _ output: UnsafeMutablePointer<UInt16>?, _ outputCount: Int64
) -> Int32 {
  call {
    let object = try PlanObject.all.object(plan)
    let grid = try Arguments.grid(extents, rank: rank)
    let labels = try Arguments.pointer(labels, "labels", alignment: 2)
    try Arguments.count(count, 1, grid.count, "the array of labels")
    let output = try Arguments.pointer(output, "output", alignment: 2)
    try Arguments.count(outputCount, 1, grid.count, "the array of cleaned labels")
    let parallelism = try Arguments.parallelism(threads: threads)
    let prepared = try object.prepared()
    defer { LargeBlocks.shared.endRound() }
    let map = try LabelMap(
      grid: grid, labels: Array(UnsafeBufferPointer(start: labels, count: grid.count)))
    let cleaned = try prepared.clean(map, over: Scene(grid: grid), parallelism: parallelism)
    try Cancellation.check()
    cleaned.labels.withUnsafeBufferPointer { source in
      if let first = source.baseAddress { output.update(from: first, count: source.count) }
    }
  }
}

/// Writes the report, and how long it is.
private func give(
  _ result: PreparedPlan.Outcome, of prepared: PreparedPlan,
  to target: UnsafeMutablePointer<latticecrf_results>, _ wanted: latticecrf_results
) throws {
  let place = MemoryLayout<latticecrf_results>.offset(of: \.layout) ?? .max
  guard wanted.report != nil, wanted.size >= place else { return }
  let names = prepared.refinements.map(\.name)
  let report = JSONValue.object([
    "steps": .list(zip(names, result.reports).map { name, report in report.json(of: name) })
  ])
  target.pointee.report_length = Arguments.give(
    report.compactText, to: wanted.report, capacity: wanted.report_capacity)
}

extension RefinementReport {
  /// The report of the refinement `name`, with its times.
  fileprivate func json(of name: String) -> JSONValue {
    let times = JSONValue.object(
      seconds.map { .init($0.phase.rawValue, .number($0.seconds)) })
    return .object(
      [.init("step", .text(name)), .init("seconds", times)] + (json.members ?? []))
  }
}
