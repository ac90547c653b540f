import Dispatch
import Lattice
import LatticeCHeader
import MeanField
import Testing
import Unaries

/// The C interface against the modules behind it.
struct CallTests {
  @Test("results are those of the Swift library, in both layouts", arguments: [0, 1] as [Int32])
  func results(filter: Int32) throws {
    let painted = try Painted()
    #expect(painted.setUnary() == LATTICECRF_OK)
    let weights: [Float] = [-3, 1, 0, -2]
    painted.term(weights, normalization: 2, filter: filter) {
      #expect(
        latticecrf_crf_add_position_kernel(painted.number, [2, 3], 2, 1, $0) == LATTICECRF_OK)
    }
    painted.term(filter: filter) {
      #expect(
        latticecrf_crf_add_bilateral_kernel(
          painted.number, [5], 1, painted.image, 144, 0, 3, [20, 30, 40], 3, 0, $0)
          == LATTICECRF_OK)
    }
    let grid = try GridShape([6, 8])
    let backend: any FilterBackend = .permutohedral(filter == 0 ? .compatible : .accurate)
    let crf = try DenseCRF(
      scene: Scene(Image(grid: grid, channels: 3, pixels: .bytes(painted.image))),
      unary: EnergyField(grid: grid, labelCount: 2, planes: painted.energies),
      terms: [
        PairwiseTerm(
          SpatialGaussianKernel(sigma: [2, 3], axisOrder: .gridOrder),
          compatibility: .matrix(weights), normalization: .after),
        PairwiseTerm(BilateralKernel(spatialSigma: 5, colorSigma: [20, 30, 40]), weight: 3),
      ], backend: backend)
    let marginals = crf.marginals(iterations: 5)
    #expect(painted.run() == marginals.values.planes())
    #expect(painted.run(layout: 1) == marginals.values.rows())
    var labels = [UInt16](repeating: 9, count: 48)
    #expect(painted.infer(5, 0, nil, labels: &labels) == LATTICECRF_OK)
    #expect(labels == marginals.labels.labels)
    var energies = latticecrf_energies()
    energies.size = UInt64(MemoryLayout<latticecrf_energies>.size)
    #expect(
      latticecrf_crf_energy(painted.number, marginals.values.planes(), 96, 0, &energies)
        == LATTICECRF_OK)
    #expect(energies.free_energy == crf.energy(of: marginals).freeEnergy)
  }

  @Test("a solver is named as options have it, and one that does not exist is refused")
  func solvers() throws {
    let painted = try Painted()
    #expect(painted.setUnary() == LATTICECRF_OK)
    #expect(painted.addBilateral() == LATTICECRF_OK)
    func marginals(_ solver: String?) -> [Float]? {
      var marginals = [Float](repeating: -1, count: 96)
      let status =
        solver.map { $0.withCString { painted.infer(3, 0, &marginals, solver: $0) } }
        ?? painted.infer(3, 0, &marginals)
      return status == LATTICECRF_OK ? marginals : nil
    }
    let parallel = try #require(marginals(nil))
    #expect(marginals("parallel") == parallel)
    // Nothing is repelled.
    #expect(marginals("safe") == parallel)
    let damped = try #require(marginals("damped:step=0.5"))
    #expect(damped != parallel)
    #expect(marginals("saf") == nil)
    #expect(Painted.error.contains("there is no solver 'saf'"))
    #expect(marginals("damped:step=0") == nil)
    #expect(Painted.error.contains("'step' is 0"))
  }

  @Test("steps from wherever a caller starts lead where an inference does")
  func steps() throws {
    let painted = try Painted()
    #expect(painted.setUnary() == LATTICECRF_OK)
    #expect(painted.addBilateral() == LATTICECRF_OK)
    var marginals = try #require(painted.run(iterations: 0))
    for iteration in 1...3 {
      #expect(latticecrf_crf_step(painted.number, &marginals, 96, 0) == LATTICECRF_OK)
      let expected = try #require(painted.run(iterations: Int32(iteration)))
      // Stages in one pass and stages one by one round sums differently, by some units in the last
      // place.
      #expect(zip(marginals, expected).allSatisfy { abs($0 - $1) <= 2e-6 })
    }
  }

  @Test("a unary is replaced, kernels are kept; without one all labels are alike")
  func unary() throws {
    let painted = try Painted()
    #expect(painted.addBilateral() == LATTICECRF_OK)
    #expect(painted.run()?.allSatisfy { $0 == 0.5 } == true)
    #expect(painted.setUnary() == LATTICECRF_OK)
    let first = painted.run()
    #expect(painted.setUnary(painted.energies.map { -$0 }) == LATTICECRF_OK)
    #expect(painted.run() != first)
    #expect(painted.setUnary() == LATTICECRF_OK)
    #expect(painted.run() == first)
    let rows = (0..<96).map { painted.energies[$0 % 2 * 48 + $0 / 2] }
    #expect(painted.setUnary(rows, layout: 1) == LATTICECRF_OK)
    #expect(painted.run() == first)
    #expect(
      latticecrf_crf_set_scores(
        painted.number, painted.energies.map { -$0 }, 96, Painted.extents, 1, 0, 1e-5)
        == LATTICECRF_OK)
    let logits = try #require(painted.run())
    // The logarithm of a softmax, and energies as they are, differ by rounding alone.
    #expect(zip(logits, try #require(first)).allSatisfy { abs($0 - $1) <= 1e-5 })
  }

  @Test("parameters of ones and of the identity change nothing; others scale features")
  func kernelTypes() throws {
    func marginals(_ type: Int32, _ parameters: [Float]?, scale: Float = 1) throws -> [Float]? {
      let painted = try Painted()
      let features = (0..<96).map { Float($0 * 37 % 11) / 4 * scale }
      #expect(painted.setUnary() == LATTICECRF_OK)
      painted.term {
        #expect(
          latticecrf_crf_add_feature_kernel(
            painted.number, features, 96, 2, 0, type, parameters, Int64(parameters?.count ?? 0),
            $0) == LATTICECRF_OK)
      }
      return painted.run()
    }
    let plain = try marginals(0, nil)
    #expect(try marginals(0, []) == plain)
    #expect(try marginals(1, nil) == plain)
    #expect(try marginals(2, nil) == plain)
    #expect(try marginals(1, [1, 1]) == plain)
    #expect(try marginals(2, [1, 0, 0, 1]) == plain)
    let doubled = try marginals(0, nil, scale: 2)
    #expect(doubled != plain)
    #expect(try marginals(1, [2, 2]) == doubled)
    #expect(try marginals(2, [2, 0, 0, 2]) == doubled)
  }

  @Test("a filter alone sums over all points, and its transpose is one")
  func filter() throws {
    let features: [Float] = [0, 0.5, 1, 3]
    var number: latticecrf_filter = 0
    try #require(
      latticecrf_filter_create(features, 4, 1, 0, 2, 1, &number) == LATTICECRF_OK)
    defer { #expect(latticecrf_filter_destroy(number) == LATTICECRF_OK) }
    var sums: [Float] = [1, 0, 0, 2]
    #expect(latticecrf_filter_apply(number, sums, 4, 1, 1, 0, &sums, 4) == LATTICECRF_OK)
    // exp(−r²/2) of the distances to the first and the last point; float32 exponentials.
    let expected: [Float] = [1.022218, 0.970371, 0.877201, 2.011109]
    #expect(zip(sums, expected).allSatisfy { abs($0 - $1) <= 1e-5 })

    var lattice: latticecrf_filter = 0
    try #require(latticecrf_filter_create(features, 4, 1, 0, 0, 1, &lattice) == LATTICECRF_OK)
    defer { #expect(latticecrf_filter_destroy(lattice) == LATTICECRF_OK) }
    let (u, v): ([Float], [Float]) = ([1, 2, -1, 3], [2, 0, 1, 1])
    var (ku, kv) = (u, v)
    #expect(latticecrf_filter_apply(lattice, u, 4, 1, 0, 0, &ku, 4) == LATTICECRF_OK)
    #expect(latticecrf_filter_apply(lattice, v, 4, 1, 0, 1, &kv, 4) == LATTICECRF_OK)
    // ⟨v, Ku⟩ = ⟨Kᵀv, u⟩, but for rounding.
    let (left, right) = (zip(v, ku).map(*).reduce(0, +), zip(kv, u).map(*).reduce(0, +))
    #expect(abs(left - right) <= 1e-5)
  }

  @Test("marginals and labels of one inference are those of two")
  func both() throws {
    let painted = try Painted()
    #expect(painted.setUnary() == LATTICECRF_OK)
    #expect(painted.addBilateral() == LATTICECRF_OK)
    var (together, alone) = ([Float](repeating: -1, count: 96), [Float](repeating: -1, count: 96))
    var (labels, labelsAlone) = (
      [UInt16](repeating: 9, count: 48), [UInt16](repeating: 8, count: 48)
    )
    #expect(painted.infer(5, 0, &together, labels: &labels) == LATTICECRF_OK)
    #expect(painted.infer(5, 0, &alone) == LATTICECRF_OK)
    #expect(painted.infer(5, 0, nil, labels: &labelsAlone) == LATTICECRF_OK)
    #expect(together == alone && labels == labelsAlone)
    // Ten updates where nothing is said.
    var usual = together
    #expect(latticecrf_crf_infer(painted.number, nil, &usual, 96, 0, nil, 0) == LATTICECRF_OK)
    #expect(usual == painted.run(iterations: 10))
  }

  @Test("a term of zeros is one of the usual kernel, and a shorter one too")
  func defaults() throws {
    let painted = try Painted()
    #expect(painted.setUnary() == LATTICECRF_OK)
    #expect(painted.addBilateral() == LATTICECRF_OK)
    let expected = painted.run()
    let other = try Painted()
    #expect(other.setUnary() == LATTICECRF_OK)
    try [Float(3)].withUnsafeBufferPointer { weight in
      var term = latticecrf_term()
      // An older caller's: nothing behind the compatibility, whatever stands there.
      term.size = 24
      term.compatibility = weight.baseAddress
      term.compatibility_count = 1
      term.normalization = 77
      try #require(
        latticecrf_crf_add_bilateral_kernel(
          other.number, [5], 1, other.image, 144, 0, 3, [20], 1, 0, &term) == LATTICECRF_OK)
    }
    #expect(other.run() == expected)
  }

  @Test("many threads at once, on objects of their own and on one, get what one thread gets")
  func threads() throws {
    let shared = try Painted()
    #expect(shared.setUnary() == LATTICECRF_OK)
    #expect(shared.addBilateral() == LATTICECRF_OK)
    let expected = try #require(shared.run())
    nonisolated(unsafe) let one = shared
    DispatchQueue.concurrentPerform(iterations: 16) { index in
      guard let own = try? Painted() else { return #expect(Bool(false)) }
      #expect(own.setUnary() == LATTICECRF_OK)
      #expect(own.addBilateral() == LATTICECRF_OK)
      #expect(own.run() == expected)
      #expect(one.run() == expected)
      // The text is this thread's own.
      #expect(latticecrf_crf_destroy(1 << 40 + UInt64(index)) == LATTICECRF_INVALID_HANDLE)
      #expect(Painted.error.contains("\(1 << 40 + UInt64(index))"))
    }
  }

  @Test("an error's text is cut between characters")
  func longError() {
    latticecrf_keep_error(String(repeating: "é", count: 3000))
    #expect(Painted.error.utf8.count == 2046)
    #expect(Painted.error.allSatisfy { $0 == "é" })
  }
}
