import Lattice
import LatticePluginHeader
import LatticeSupport
import MeanField
import Pipeline
import TestSupport
import Testing
import Unaries

/// Leaves a text as a plug-in does.
private func fail(
  _ call: UnsafeMutablePointer<latticecrf_plugin_call>?, _ text: String
) -> Int32 {
  latticecrf_plugin_fail_with(call, text)
}

/// Plug-ins that go wrong at work: each call ends with a sentence that names the kind, and with no
/// result.
struct WrongResultTests {
  typealias Fixture = PluginFixture

  private static let grid = GridShape(width: 4, height: 3)
  private static let scene = Scene(grid: grid)

  // MARK: Doing what each kind is for

  private static func run(
    kernel change: (UnsafeMutablePointer<latticecrf_plugin_kernel>) -> Void
  ) throws {
    let kernel = Fixture.kernel()
    change(kernel)
    guard case .kernel(let kind) = try Fixture([Fixture.head(kernel)]).kinds()[0] else { return }
    _ = try kind.make(Settings(kind.settings), grid, .none).features(for: scene)
  }

  /// Refines with a CRF of one kernel, whose filter is the plug-in's.
  private static func run(
    selfTerm: SelfTerm = .included,
    filter change: (UnsafeMutablePointer<latticecrf_plugin_filter>) -> Void
  ) throws {
    let filter = Fixture.filter()
    change(filter)
    guard case .filter(let kind) = try Fixture([Fixture.head(filter)]).kinds()[0] else { return }
    var model = CRFModel(terms: [
      try CRFModel.Term("gaussian:weight=3,spatial=2,self=\(selfTerm.rawValue)")
    ])
    model.filter = Description(kind)
    model.iterations = 3
    let energies = try EnergyField(
      grid: grid, labelCount: 2, planes: [Float](repeating: 0.5, count: 24))
    _ = try CRFRefinement(model).refine(energies, over: scene, RefinementRequest())
  }

  private static func run(
    compatibility change: (UnsafeMutablePointer<latticecrf_plugin_compatibility>) -> Void
  ) throws {
    let compatibility = Fixture.compatibility()
    change(compatibility)
    let kinds = try Fixture([Fixture.head(compatibility)]).kinds()
    guard case .compatibility(let kind) = kinds[0] else { return }
    _ = try kind.make(Settings(kind.settings), .none).factors(labelCount: 3)
  }

  private static func run(
    unary change: (UnsafeMutablePointer<latticecrf_plugin_unary>) -> Void
  ) throws {
    let unary = Fixture.unary()
    change(unary)
    guard case .unary(let kind) = try Fixture([Fixture.head(unary)]).kinds()[0] else { return }
    _ = try kind.make(Settings(kind.settings), .none).energies(for: scene)
  }

  private static func run(
    refinement change: (UnsafeMutablePointer<latticecrf_plugin_refinement>) -> Void
  ) throws {
    let refinement = Fixture.refinement()
    change(refinement)
    let kinds = try Fixture([Fixture.head(refinement)]).kinds()
    guard case .refinement(let kind) = kinds[0] else { return }
    let energies = try EnergyField(
      grid: grid, labelCount: 2, planes: [Float](repeating: 0.5, count: 24))
    _ = try kind.make(Settings(kind.settings), .none)
      .refine(energies, over: scene, RefinementRequest())
  }

  private static func run(
    labelFilter change: (UnsafeMutablePointer<latticecrf_plugin_label_filter>) -> Void
  ) throws {
    let filter = Fixture.labelFilter()
    change(filter)
    let kinds = try Fixture([Fixture.head(filter)]).kinds()
    guard case .labelFilter(let kind) = kinds[0] else { return }
    let labels = try LabelMap(grid: grid, labels: [UInt16](repeating: 1, count: 12))
    _ = try kind.make(Settings(kind.settings), .none)
      .filter(labels, nil, over: scene, parallelism: .serial)
  }

  // MARK: Kernels

  @Test("a kernel without what goes wrong below is sound, and so are the others")
  func sound() throws {
    try Self.run(kernel: { _ in })
    try Self.run(filter: { _ in })
    try Self.run(compatibility: { _ in })
    try Self.run(unary: { _ in })
    try Self.run(refinement: { _ in })
    try Self.run(labelFilter: { _ in })
  }

  @Test("an object that cannot be made says why, in the plug-in's words")
  func objectIsRefused() {
    let text = errorText {
      try Self.run(kernel: { kernel in
        kernel.pointee.kind.make = { _, _, _, call in fail(call, "three is too many.\n") }
      })
    }
    #expect(text == "the kernel 'order' of the plug-in 'lab': three is too many")
  }

  @Test("a call that fails without a word is said to have failed")
  func silence() {
    let text = errorText { try Self.run(kernel: { $0.pointee.dimensions = { _, _, _, _ in -4 } }) }
    #expect(text.contains("the kernel 'order' of the plug-in 'lab' failed and does not say why"))
  }

  @Test("an error text without an end, and one that is not UTF-8, are cut and mended")
  func wildTexts() {
    let endless = errorText {
      try Self.run(kernel: { kernel in
        kernel.pointee.dimensions = { _, _, _, call in
          let call = call!.pointee
          for index in 0..<Int(call.error_capacity) { call.error[index] = 0x78 }
          return 1
        }
      })
    }
    #expect(endless.hasSuffix("xxx") && endless.utf8.count < 2200)
    let broken = errorText {
      try Self.run(kernel: { kernel in
        kernel.pointee.dimensions = { _, _, _, call in
          for (index, byte) in [0xC3, 0x28, 0].enumerated() {
            call!.pointee.error[index] = CChar(truncatingIfNeeded: byte)
          }
          return 1
        }
      })
    }
    #expect(broken.contains("lab': \u{FFFD}("))
  }

  @Test("points without features, or with too many, are refused", arguments: [0, -1, 300])
  func dimensions(count: Int32) {
    let text = errorText {
      try Self.run(kernel: { kernel in
        switch count {
        case 0:
          kernel.pointee.dimensions = { _, _, dimensions, _ in
            dimensions!.pointee = 0
            return 0
          }
        case -1:
          kernel.pointee.dimensions = { _, _, dimensions, _ in
            dimensions!.pointee = -1
            return 0
          }
        default:
          kernel.pointee.dimensions = { _, _, dimensions, _ in
            dimensions!.pointee = 300
            return 0
          }
        }
      })
    }
    #expect(text.contains("gives a point \(count) features, but must give it 1…255"))
  }

  @Test("features that are not finite, and those that were not written, are refused")
  func features() {
    let infinite = errorText {
      try Self.run(kernel: { kernel in
        kernel.pointee.features = { _, _, features, _, _ in
          for point in 0..<12 { features![point] = point == 7 ? .infinity : 0 }
          return 0
        }
      })
    }
    #expect(infinite.contains("gives feature 0 of point 7 the value inf"))
    let missing = errorText {
      try Self.run(kernel: { $0.pointee.features = { _, _, _, _, _ in 0 } })
    }
    #expect(missing.contains("gives feature 0 of point 0 the value nan"))
  }

  @Test("a scene without an image is refused before a plug-in sees it")
  func needsImage() {
    let text = errorText {
      try Self.run(kernel: { $0.pointee.kind.flags = LATTICECRF_PLUGIN_NEEDS_IMAGE })
    }
    #expect(text.contains("the kernel 'order' of the plug-in 'lab' needs an image"))
  }

  // MARK: Filters

  private static func filterText(
    selfTerm: SelfTerm = .included,
    _ change: (UnsafeMutablePointer<latticecrf_plugin_filter>) -> Void
  ) -> String {
    errorText { try run(selfTerm: selfTerm, filter: change) }
  }

  @Test("a filter that cannot be prepared, fails at a sum or sums to NaN ends the inference")
  func filters() {
    let prepared = Self.filterText {
      $0.pointee.prepare = { _, _, _, call in fail(call, "no memory") }
    }
    #expect(prepared.contains("the filter 'nothing' of the plug-in 'lab': no memory"))
    #expect(prepared.contains("the term gaussian:weight=3,spatial=2"))
    let failed = Self.filterText {
      $0.pointee.apply = { _, _, _, _, _, call in fail(call, "out of order") }
    }
    #expect(failed.contains("the filter 'nothing' of the plug-in 'lab': out of order"))
    let infinite = Self.filterText {
      $0.pointee.apply = { _, _, _, stride, sums, _ in
        sums![Int(stride) * 5 + 0] = .nan
        return 0
      }
    }
    #expect(infinite.contains("gives channel 0 of point 5 the sum nan"))
  }

  @Test("one that fails in the middle of the updates ends them as well")
  func laterFailure() {
    let text = Self.filterText {
      // The normalisation sums one channel, updates two.
      $0.pointee.apply = { _, values, channels, stride, sums, call in
        guard channels == 1 else { return fail(call, "later") }
        for index in 0..<12 * Int(stride) { sums![index] = values![index] }
        return 0
      }
    }
    #expect(text.contains("the filter 'nothing' of the plug-in 'lab': later"))
  }

  @Test("weights of points for themselves that are not finite are refused")
  func selfWeights() {
    let text = Self.filterText(selfTerm: .excluded) {
      $0.pointee.self_weights = { _, _, _ in 0 }
    }
    #expect(text.contains("gives point 0 the weight nan for itself"))
  }

  /// A filter of one row for all points, which is as wide as `blur` makes it.
  private static func factored(
    _ filter: UnsafeMutablePointer<latticecrf_plugin_filter>, vertex: UInt32 = 0,
    rows: Int64 = 2, corners: Int32 = 1
  ) {
    // What `factors` takes its numbers from, for C functions capture nothing.
    let numbers = UnsafeMutablePointer<Int64>.allocate(capacity: 5)
    (numbers[0], numbers[1], numbers[2], numbers[3]) = (1, 2, rows, Int64(corners))
    // How often rows were blurred.
    numbers[4] = 0
    let vertices = UnsafeMutablePointer<UInt32>.allocate(capacity: 12)
    vertices.initialize(repeating: 0, count: 12)
    vertices[5] = vertex
    let weights = UnsafeMutablePointer<Float>.allocate(capacity: 12)
    weights.initialize(repeating: 1, count: 12)
    let parts = UnsafeMutablePointer<UnsafeMutableRawPointer>.allocate(capacity: 3)
    (parts[0], parts[1], parts[2]) = (
      UnsafeMutableRawPointer(numbers), UnsafeMutableRawPointer(vertices),
      UnsafeMutableRawPointer(weights)
    )
    filter.pointee.kind.context = UnsafeMutableRawPointer(parts)
    filter.pointee.release_filter = nil
    filter.pointee.prepare = { object, _, filter, _ in
      filter!.pointee = object
      return 0
    }
    filter.pointee.factors = { filter, factors, _ in
      let parts = filter!.assumingMemoryBound(to: UnsafeMutableRawPointer.self)
      let numbers = parts[0].assumingMemoryBound(to: Int64.self)
      factors!.pointee.first_rows = UnsafePointer(numbers)
      factors!.pointee.rows = numbers[2]
      factors!.pointee.corners = Int32(numbers[3])
      factors!.pointee.vertices = UnsafePointer(parts[1].assumingMemoryBound(to: UInt32.self))
      factors!.pointee.weights = UnsafePointer(parts[2].assumingMemoryBound(to: Float.self))
      factors!.pointee.gain = 1
      return 0
    }
    filter.pointee.blur = { filter, _, _, _, _, _ in
      _ = WrongResultTests.blursBefore(filter)
      return 0
    }
  }

  /// How often a filter of `factored` blurred before.
  private static func blursBefore(_ filter: UnsafeMutableRawPointer?) -> Int64 {
    let parts = filter!.assumingMemoryBound(to: UnsafeMutableRawPointer.self)
    let numbers = parts[0].assumingMemoryBound(to: Int64.self)
    defer { numbers[4] += 1 }
    return numbers[4]
  }

  @Test("a blur that makes NaN late, once or from then on, ends the inference")
  func lateBlurs() {
    // The normalisation blurs once, three updates three times.
    let last = Self.filterText {
      Self.factored($0)
      $0.pointee.blur = { filter, panel, _, width, _, _ in
        if WrongResultTests.blursBefore(filter) == 3 { panel![Int(width)] = .infinity }
        return 0
      }
    }
    #expect(last.contains("blurs rows into numbers that are not finite"))
    let once = Self.filterText {
      Self.factored($0)
      $0.pointee.blur = { filter, panel, _, width, _, _ in
        if WrongResultTests.blursBefore(filter) == 2 { panel![Int(width)] = .nan }
        return 0
      }
    }
    #expect(once.contains("blurs rows into numbers that are not finite"))
  }

  @Test("a factored filter without what goes wrong below is sound")
  func soundFactors() throws {
    try Self.run(filter: { Self.factored($0) })
  }

  @Test("factors that do not fit together are refused")
  func factors() {
    let outside = Self.filterText { Self.factored($0, vertex: 3) }
    #expect(outside.contains("point 5 has the weight 1.0 for row 3 of the 1 of its run"))
    let rows = Self.filterText { Self.factored($0, rows: 1) }
    #expect(rows.contains("has factors of 1 rows, in which the runs of points do not have rows"))
    let corners = Self.filterText { Self.factored($0, corners: 0) }
    #expect(corners.contains("has factors with 0 corners"))
    let empty = Self.filterText {
      Self.factored($0)
      $0.pointee.factors = { _, factors, _ in
        (factors!.pointee.corners, factors!.pointee.rows) = (1, 2)
        return 0
      }
    }
    #expect(empty.contains("has factors without 'first_rows'"))
  }

  @Test("a blur that fails, makes NaN or writes to row 0 ends the inference")
  func blurs() {
    let failed = Self.filterText {
      Self.factored($0)
      $0.pointee.blur = { _, _, _, _, _, call in fail(call, "blurred too much") }
    }
    #expect(failed.contains("the filter 'nothing' of the plug-in 'lab': blurred too much"))
    let infinite = Self.filterText {
      Self.factored($0)
      $0.pointee.blur = { _, panel, _, width, _, _ in
        panel![Int(width)] = .infinity
        return 0
      }
    }
    #expect(infinite.contains("blurs rows into numbers that are not finite"))
    let first = Self.filterText {
      Self.factored($0)
      $0.pointee.blur = { _, panel, _, _, _, _ in
        panel![0] = 1
        return 0
      }
    }
    #expect(first.contains("blurs something into row 0, which must stay 0"))
  }

  // MARK: All else

  @Test("costs that are not finite, and those that were not written, are refused")
  func costs() {
    let text = errorText { try Self.run(compatibility: { $0.pointee.costs = { _, _, _, _ in 0 } }) }
    #expect(text.contains("the compatibility 'like' of the plug-in 'lab' gives labels 0 and 0 the"))
  }

  @Test("a unary without labels, and one whose scores are of no use, are refused")
  func unaries() {
    let labels = errorText {
      try Self.run(unary: {
        $0.pointee.labels = { _, labels, _ in
          labels!.pointee = 0
          return 0
        }
      })
    }
    #expect(labels.contains("the unary 'even' of the plug-in 'lab' has 0 labels"))
    let energies = errorText {
      try Self.run(unary: { $0.pointee.energies = { _, _, _, _, _, _ in 0 } })
    }
    #expect(energies.contains("gives scores of no use: the energy of label 0 at point 0 is nan"))
    let impossible = errorText {
      try Self.run(unary: {
        $0.pointee.energies = { _, _, energies, _, stride, _ in
          for index in 0..<12 * Int(stride) { energies![index] = .infinity }
          return 0
        }
      })
    }
    #expect(impossible.contains("rules out every label"))
  }

  @Test("a refinement that fails, or whose results are no probabilities, is refused")
  func refinements() {
    let failed = errorText {
      try Self.run(refinement: {
        $0.pointee.refine = { _, _, _, _, _, _, call in fail(call, "not today") }
      })
    }
    #expect(failed == "the refinement 'level' of the plug-in 'lab': not today")
    let nothing = errorText {
      try Self.run(refinement: { $0.pointee.refine = { _, _, _, _, _, _, _ in 0 } })
    }
    #expect(nothing.contains("gives no probabilities: the marginals of point 0"))
    let nan = errorText {
      try Self.run(refinement: {
        $0.pointee.refine = { _, _, _, _, stride, marginals, _ in
          for point in 0..<12 {
            marginals![point * Int(stride)] = point == 3 ? .nan : 1
          }
          return 0
        }
      })
    }
    #expect(nan.contains("the marginals of point 3 are not probabilities"))
  }

  @Test("a label filter that fails is named")
  func labelFilters() {
    let text = errorText {
      try Self.run(labelFilter: {
        $0.pointee.clean = { _, _, _, _, _, _, _, call in fail(call, "no soap") }
      })
    }
    #expect(text == "the label filter 'same' of the plug-in 'lab': no soap")
  }

  @Test("what a plug-in has made is freed, once")
  func objectsAreFreed() throws {
    let counts = UnsafeMutablePointer<Int>.allocate(capacity: 2)
    counts.initialize(repeating: 0, count: 2)
    defer { counts.deallocate() }
    try Self.run(refinement: { refinement in
      refinement.pointee.kind.context = UnsafeMutableRawPointer(counts)
      refinement.pointee.kind.make = { context, _, object, _ in
        context!.assumingMemoryBound(to: Int.self)[0] += 1
        object!.pointee = context
        return 0
      }
      refinement.pointee.kind.release = { $0!.assumingMemoryBound(to: Int.self)[1] += 1 }
    })
    #expect(counts[0] == 1 && counts[1] == 1)
  }
}
