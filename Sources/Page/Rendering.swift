import Evaluation
import Formats
import LatticeSupport
import MeanField
import Pipeline
import Unaries

/// What a plan makes of an image, at once on a smaller scene or on the whole.
struct Rendering: Sendable {
  /// One for each pixel of the image.
  let labels: LabelMap
  /// Over a scene that is smaller by `factor`.
  let marginals: Marginals
  let factor: Int
  /// Beside the truth; `nil` where there is none.
  let counts: EvaluationCounts?
  let seconds: Double

  /// - Parameters:
  ///   - plan: with models written out.
  ///   - image: the image.
  ///   - factor: 1 for the whole image; else how much smaller the scene is along each axis.
  ///   - context: gives arrays that the plan refers to.
  ///   - parallelism: the threads to use.
  /// - Throws: `InputError` where a step cannot be made; `CallCancelled` where it is to stop.
  init(
    _ plan: Plan, of image: OpenImage, factor: Int, context: DescriptionContext,
    parallelism: Parallelism
  ) throws {
    let start = ContinuousClock.now
    self.factor = factor
    let request = RefinementRequest(parallelism: parallelism)
    let plan = plan.replacingFiles { ArrayFile.path(image.name, of: $0) }
    if factor == 1 {
      let result = try PreparedPlan(plan, context: context).keepingTerms(in: image.terms)
        .run(image.energies, over: image.scene, request)
      labels = result.labels
      marginals = result.marginals
    } else {
      let coarse = image.coarse(factor, parallelism: parallelism)
      let result = try PreparedPlan(plan.coarse(factor), context: context)
        .keepingTerms(in: coarse.terms)
        .run(coarse.scene.energies, over: coarse.scene.scene, request)
      let grid = image.scene.grid
      labels = result.labels.repeated(factor, over: grid)
        .marking(image.scene.mask, labelCount: image.energies.labelCount)
      marginals = result.marginals
    }
    try Cancellation.check()
    counts = try image.counts(of: labels)
    seconds = (ContinuousClock.now - start) / .seconds(1)
  }

  /// The probability of a label at each pixel of the image, 0…255.
  ///
  /// - Complexity: O(N).
  func belief(of label: Int, over grid: GridShape) -> [UInt8] {
    let values = marginals.values
    let columns = marginals.grid.width
    return [UInt8](unsafeUninitializedCapacity: grid.count) { output, count in
      for y in 0..<grid.height {
        let row = y / factor * columns
        for x in 0..<grid.width {
          let share = values.base[(row + x / factor) * values.stride + label]
          // What is left out has none, and NaN becomes 0.
          output[y * grid.width + x] = UInt8(max(0, min(255, (255 * share).rounded())))
        }
      }
      count = grid.count
    }
  }

  /// The probabilities of all labels at a pixel of the image.
  func probabilities(x: Int, y: Int) -> [Float] {
    let point = y / factor * marginals.grid.width + x / factor
    return (0..<marginals.values.channels).map { marginals.values[point, $0] }
  }
}

extension PreparedPlan {
  /// The same plan, whose CRFs keep their filters from one call to the next.
  fileprivate func keepingTerms(in cache: TermCache) -> PreparedPlan {
    PreparedPlan(
      refinements: refinements.map { ($0 as? CRFRefinement)?.keepingTerms(in: cache) ?? $0 },
      labelFilters: labelFilters)
  }
}

extension LabelMap {
  /// Each label for the block of pixels that it stands for.
  fileprivate func repeated(_ factor: Int, over whole: GridShape) -> LabelMap {
    let columns = grid.width
    let all = [UInt16](unsafeUninitializedCapacity: whole.count) { output, count in
      for y in 0..<whole.height {
        let row = y / factor * columns
        for x in 0..<whole.width { output[y * whole.width + x] = labels[row + x / factor] }
      }
      count = whole.count
    }
    return LabelMap(unchecked: all, grid: whole)
  }
}
