import LatticeCHeader
import LatticeSupport
import MeanField
import Unaries

/// `latticecrf_crf_create`.
@_cdecl("latticecrf_crf_create")
public func createCRF(
  _ extents: UnsafePointer<Int64>?, _ rank: Int32, _ labels: Int64, _ threads: Int32,
  _ crf: UnsafeMutablePointer<UInt64>?
) -> Int32 {
  call {
    let number = try Arguments.pointer(crf, "crf", alignment: 8)
    let grid = try Arguments.grid(extents, rank: rank)
    let object = try CRFObject(
      grid: grid,
      labelCount: Arguments.integer(
        labels, in: 1...Arguments.mostLabels, "the number of labels"),
      parallelism: Arguments.parallelism(threads: threads))
    number.pointee = CRFObject.all.add(object)
  }
}

/// `latticecrf_crf_destroy`.
@_cdecl("latticecrf_crf_destroy")
public func destroyCRF(_ crf: UInt64) -> Int32 {
  call {
    try CRFObject.all.remove(crf)
    LargeBlocks.shared.endRound()
  }
}

/// `latticecrf_crf_set_unary`.
@_cdecl("latticecrf_crf_set_unary")
public func setUnary(
  _ crf: UInt64, _ energies: UnsafePointer<Float>?, _ count: Int64, _ layout: Int32
) -> Int32 {
  call {
    let object = try CRFObject.all.object(crf)
    let energies = try Arguments.pointer(energies, "the unary")
    let (labels, points) = (object.labelCount, object.grid.count)
    try Arguments.count(count, labels, points, "the unary")
    let layout = try ChannelLayout(layout)
    let areExtreme = try ImpossibleLabels.check(
      energies, layout: layout, points: points, channels: labels, impossible: .infinity,
      "the energy", parallelism: object.parallelism)
    var field = layout.field(
      energies, points: points, channels: labels, padding: EnergyField.paddingEnergy,
      parallelism: object.parallelism)
    if areExtreme { field.settleHardEnergies() }
    object.setUnary(EnergyField(unchecked: field, grid: object.grid))
  }
}

/// `latticecrf_crf_set_scores`.
@_cdecl("latticecrf_crf_set_scores")
public func setScores(
  _ crf: UInt64, _ scores: UnsafePointer<Float>?, _ count: Int64,
  _ extents: UnsafePointer<Int64>?, _ kind: Int32, _ layout: Int32, _ minimumProbability: Float
) -> Int32 {
  call {
    let object = try CRFObject.all.object(crf)
    let grid = try Arguments.grid(extents, rank: Int32(object.grid.rank))
    let scores = try ScoreArguments(
      scores, count: count, on: grid, labelCount: object.labelCount, kind: kind, layout: layout)
    object.setUnary(
      try scores.energies(
        on: object.grid, minimumProbability: minimumProbability, parallelism: object.parallelism))
  }
}

/// `latticecrf_crf_infer`.
@_cdecl("latticecrf_crf_infer")
public func infer(
  _ crf: UInt64, _ inference: UnsafePointer<latticecrf_inference>?,
  _ marginals: UnsafeMutablePointer<Float>?, _ marginalCount: Int64, _ layout: Int32,
  _ labels: UnsafeMutablePointer<UInt16>?, _ labelCount: Int64
) -> Int32 {
  call {
    let object = try CRFObject.all.object(crf)
    let targets = try ResultArguments(
      marginals, marginalCount, layout: layout, labels, labelCount,
      of: object.grid, labels: object.labelCount)
    let result = try object.marginals(inference)
    targets.write(marginals: result, parallelism: object.parallelism)
    if targets.wantsLabels {
      targets.write(labels: result.labels(parallelism: object.parallelism))
    }
  }
}

/// `latticecrf_crf_step`.
@_cdecl("latticecrf_crf_step")
public func step(
  _ crf: UInt64, _ marginals: UnsafeMutablePointer<Float>?, _ count: Int64, _ layout: Int32
) -> Int32 {
  call {
    let object = try CRFObject.all.object(crf)
    let layout = try ChannelLayout(layout)
    let target = try Arguments.pointer(marginals, "marginals")
    let field = try object.marginals(target, count: count, layout: layout)
    let inference = object.crf.startInference(
      from: Marginals(unchecked: consume field, grid: object.grid))
    inference.step()
    try Cancellation.check()
    layout.write(inference.marginals.values, to: target, parallelism: object.parallelism)
  }
}

/// `latticecrf_crf_energy`.
@_cdecl("latticecrf_crf_energy")
public func energy(
  _ crf: UInt64, _ marginals: UnsafePointer<Float>?, _ count: Int64, _ layout: Int32,
  _ energies: UnsafeMutablePointer<latticecrf_energies>?
) -> Int32 {
  call {
    let object = try CRFObject.all.object(crf)
    let target = UnsafeMutableRawPointer(
      try Arguments.pointer(energies, "energies", alignment: 8))
    let size = try Arguments.structureSize(target, of: latticecrf_energies.self, "energies")
    let field = try object.marginals(marginals, count: count, layout: ChannelLayout(layout))
    let energy = object.crf.energy(of: Marginals(unchecked: field, grid: object.grid))
    try Cancellation.check()
    let result = latticecrf_energies(
      size: UInt64(size), unary: energy.unary, pairwise: energy.pairwise, entropy: energy.entropy,
      free_energy: energy.freeEnergy, kl_divergence: energy.klDivergence)
    withUnsafeBytes(of: result) {
      target.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(target), byteCount: size)
    }
  }
}

extension CRFObject {
  /// A caller's L × N numbers.
  fileprivate func field(
    _ values: UnsafePointer<Float>?, count: Int64, layout: ChannelLayout, _ name: String,
    each: String, magnitude: Float, padding: Float
  ) throws -> ChannelField {
    let values = try Arguments.pointer(values, name)
    try Arguments.count(count, labelCount, grid.count, name)
    try layout.check(
      values, points: grid.count, channels: labelCount, magnitude: magnitude, each,
      channelName: "label", parallelism: parallelism)
    return layout.field(
      values, points: grid.count, channels: labelCount, padding: padding,
      parallelism: parallelism)
  }

  fileprivate func marginals(
    _ values: UnsafePointer<Float>?, count: Int64, layout: ChannelLayout
  ) throws -> ChannelField {
    try field(
      values, count: count, layout: layout, "the array of marginals", each: "the marginal",
      magnitude: Arguments.largestMarginal, padding: 0)
  }

  fileprivate func marginals(
    _ inference: UnsafePointer<latticecrf_inference>?
  ) throws -> Marginals {
    var given = latticecrf_inference()
    given.iterations = Int32(CRFModel.defaultIterations)
    if inference != nil {
      given = try Arguments.structure(inference, "inference", defaults: given)
    }
    let iterations = try Arguments.integer(
      given.iterations, in: 0...Arguments.mostIterations, "the number of iterations")
    let tolerance = given.tolerance
    guard tolerance >= 0, tolerance.isFinite else {
      throw CallError.argument("the tolerance is \(tolerance), but must be 0 or more")
    }
    let solver = try given.solver.map {
      try Description<SolverKind>(solver: .text(Arguments.text($0, "the solver"))).solver
    }
    let marginals = crf.infer(
      InferenceOptions(
        iterations: iterations, tolerance: tolerance, solver: solver ?? .parallel))
    try Cancellation.check()
    return marginals
  }
}
