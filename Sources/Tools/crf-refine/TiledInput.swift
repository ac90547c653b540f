import Formats
import LatticeSupport
import MeanField
import ToolSupport
import Unaries

/// The files of one refinement, opened to be read a region at a time.
struct TiledInput {
  /// Of two axes.
  let grid: GridShape
  let image: ImageReading.Opened?
  let energies: any RegionSource<EnergyField>
  let labelCount: Int
  let summary: UnarySummary

  /// - Throws: `InputError` where a file cannot be read, or they do not fit each other.
  init(_ job: Job, _ settings: Settings) throws {
    do {
      let unary = settings.unary
      if unary.kind == .labels {
        try self.init(labels: LabelFile.regions(job.subject, as: unary.reading), job, settings)
      } else {
        try self.init(scores: unary.openScores(job.unaryFiles), job, settings)
      }
    } catch let error as InputError {
      throw error.at(job.subject)
    }
  }

  private init(scores: any BoxSource, _ job: Job, _ settings: Settings) throws {
    let unary = settings.unary
    let reading = Self.reading(job, settings)
    let found = try ScoreAxes(
      scores.shape, layout: unary.layout, isForeground: unary.isBinary, image: reading?.grids())
    let shape = found.form
    // Scores of other axes than a picture's are refused as without tiles, which says how to mend
    // them.
    guard try shape.grid.rank == 2 || job.image.map(ImageFile.isPicture) == true else {
      throw InputError(
        .usage, at: "--tile", "cuts images, but the scores lie on a grid of \(shape.grid)",
        remedy: "leave it out")
    }
    found.reportDropped(at: job.subject)
    let image = try reading?.regions(with: ImageReading.Companion(shape))
    let grid = image?.regions.grid ?? shape.grid
    _ = try shape.resampling(to: grid, alignCorners: unary.alignCorners)
    let regions = try ScoreRegions(
      unary.arranged(scores, found, job.unaryFiles), over: grid,
      kind: unary.kind.scoreKind ?? .logits, layout: shape.layout,
      normalizes: unary.normalizes && !unary.isBinary,
      alignCorners: unary.alignCorners, parallelism: settings.parallelism)
    self.init(
      grid: grid, image: image, energies: regions,
      labelCount: shape.labelCount,
      summary: UnarySummary(grid: shape.grid, resampling: regions.resampling))
  }

  private init(labels: any RegionSource<LabelMap>, _ job: Job, _ settings: Settings) throws {
    let grid = labels.grid
    let image = try Self.reading(job, settings)?
      .regions(with: ImageReading.Companion(labels: grid))
    if let image { try LabelUnary.check(grid, fits: image.regions.grid) }
    let unary = settings.unary
    self.init(
      grid: grid, image: image,
      energies: LabelEnergyRegions(labels) {
        try LabelUnary(
          $0, labelCount: unary.labelCount, confidence: unary.confidence, unknown: unary.unknown,
          parallelism: settings.parallelism)
      },
      labelCount: unary.labelCount, summary: UnarySummary(grid: grid, resampling: nil))
  }

  private init(
    grid: GridShape, image: ImageReading.Opened?,
    energies: any RegionSource<EnergyField>, labelCount: Int, summary: UnarySummary
  ) {
    self.grid = grid
    self.image = image
    self.energies = energies
    self.labelCount = labelCount
    self.summary = summary
  }

  private static func reading(_ job: Job, _ settings: Settings) -> ImageReading? {
    job.image.map {
      ImageReading($0, layout: settings.unary.imageLayout, settings.unary.picture)
    }
  }

  /// What a tile labels.
  ///
  /// - Throws: `InputError` where the image cannot be read there.
  func scene(_ region: GridRegion) throws -> Scene {
    Scene(
      grid: region.grid, image: try image.map { try $0.regions.read(region) },
      origin: [region.rows.lowerBound, region.columns.lowerBound])
  }
}
