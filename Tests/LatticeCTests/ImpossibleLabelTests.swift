import LatticeCHeader
import Testing

/// Energies of +∞ and logits of −∞: labels that cannot be.
struct ImpossibleLabelTests {
  /// Whether label 0 is ruled out at a point of the grid of 6 × 8.
  private static func isRuledOut(_ point: Int) -> Bool { point % 8 < 3 }

  private static func marginals(_ painted: Painted) throws -> [Float] {
    #expect(painted.addBilateral() == LATTICECRF_OK)
    return try #require(painted.run())
  }

  @Test(
    "a label of infinite energy is one of an energy that nothing reaches, in both layouts",
    arguments: [0, 1] as [Int32])
  func energies(layout: Int32) throws {
    let results = try [Float(1e6), .infinity].map { largest in
      let painted = try Painted()
      let energies = (0..<96).map { index in
        let (label, point) = layout == 0 ? (index / 48, index % 48) : (index % 2, index / 2)
        return label == 0 && Self.isRuledOut(point) ? largest : painted.energies[index]
      }
      #expect(painted.setUnary(energies, layout: layout) == LATTICECRF_OK)
      return try Self.marginals(painted)
    }
    // exp(-1e6) is 0 as exp(-∞) is; the others see the same sums.
    #expect(results[0] == results[1])
    #expect((0..<48).allSatisfy { (results[1][$0] == 0) == Self.isRuledOut($0) })
  }

  @Test("scores that rule a label out do so whatever the least probability")
  func scores() throws {
    for (kind, sign) in [(0, Float(1)), (1, -1)] as [(Int32, Float)] {
      let painted = try Painted()
      let scores = (0..<96).map {
        $0 < 48 && Self.isRuledOut($0) ? sign * .infinity : sign * painted.energies[$0]
      }
      #expect(
        latticecrf_crf_set_scores(painted.number, scores, 96, Painted.extents, kind, 0, 1e-2)
          == LATTICECRF_OK)
      let marginals = try Self.marginals(painted)
      #expect((0..<48).allSatisfy { (marginals[$0] == 0) == Self.isRuledOut($0) })
    }
  }

  @Test("between coarse scores a label is ruled out as far as another is left")
  func coarseScores() throws {
    // Label 0 cannot be at the left, label 1 cannot be at the right, and between them the nearer
    // score decides.
    for (kind, sign) in [(0, Float(1)), (1, -1)] as [(Int32, Float)] {
      let painted = try Painted()
      let (left, right): ([Float], [Float]) = ([1, 0, 0, 0], [0, 0, 0, 1])
      let scores = [left, left, left, right, right, right].flatMap { row in
        row.map { $0 == 1 ? sign * .infinity : sign }
      }
      #expect(
        latticecrf_crf_set_scores(painted.number, scores, 24, [3, 4], kind, 0, 1e-5)
          == LATTICECRF_OK)
      let marginals = try #require(painted.run(iterations: 0))
      #expect(marginals.allSatisfy { $0 >= 0 && $0 <= 1 })
      #expect((0..<6).allSatisfy { marginals[8 * $0] == 0 && marginals[48 + 8 * $0 + 7] == 0 })
    }
  }

  @Test("energies of any finite size count by their differences")
  func largeEnergies() throws {
    let painted = try Painted()
    for scale in [Float(1), 1e25, 3e38] {
      let energies = (0..<96).map { scale * ($0 < 48 ? -0.5 : 0.5) }
      #expect(painted.setUnary(energies) == LATTICECRF_OK)
      let marginals = try #require(painted.run(iterations: 0))
      // 1/(1 + e) at a scale of 1, else 1 and 0.
      let expected: Float = scale == 1 ? 0.7310586 : 1
      #expect(marginals[..<48].allSatisfy { abs($0 - expected) < 1e-6 })
    }
  }

  @Test("a single label has the probability 1, whatever kernels say")
  func oneLabel() throws {
    var number: latticecrf_crf = 0
    try #require(latticecrf_crf_create([6, 8], 2, 1, 2, &number) == LATTICECRF_OK)
    defer { _ = latticecrf_crf_destroy(number) }
    #expect(
      latticecrf_crf_set_unary(number, [Float](repeating: 2, count: 48), 48, 0) == LATTICECRF_OK)
    let weight: [Float] = [3]
    weight.withUnsafeBufferPointer { weight in
      var term = latticecrf_term()
      term.size = UInt64(MemoryLayout<latticecrf_term>.size)
      term.compatibility = weight.baseAddress
      term.compatibility_count = 1
      #expect(latticecrf_crf_add_position_kernel(number, [3], 1, 0, &term) == LATTICECRF_OK)
    }
    var marginals = [Float](repeating: 0, count: 48)
    #expect(latticecrf_crf_infer(number, nil, &marginals, 48, 0, nil, 0) == LATTICECRF_OK)
    #expect(marginals == [Float](repeating: 1, count: 48))
    var labels = [UInt16](repeating: 9, count: 48)
    #expect(latticecrf_crf_infer(number, nil, nil, 0, 0, &labels, 48) == LATTICECRF_OK)
    #expect(labels.allSatisfy { $0 == 0 })
  }
}
