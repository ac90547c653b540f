import DeepLabNet
import Formats
import LatticeSupport
import ToolSupport
import Unaries

/// The segmentation of one photograph: scores, refines, and writes when everything else has
/// succeeded.
struct ImageSegmentation {
  let settings: SegmentSettings
  let network: LoadedNetwork

  /// What it did, for reports.
  struct Outcome {
    let job: SegmentJob
    let grid: GridShape
    /// How the photograph was taken where it is not stored upright.
    let orientation: OrientationUse?
    /// Pixels of each label, 0 first.
    let counts: [Int]
    /// The share of pixels whose label the CRF has changed, 0…1; `nil` without one.
    let changedShare: Double?
    let stopwatch: Stopwatch
  }

  /// - Parameter image: the one that `job` names.
  func run(_ job: SegmentJob, _ image: LoadedImage) throws -> Outcome {
    var stopwatch = Stopwatch()
    let writer = LabelWriter(drawingOver: image.image, image.notes, palette: settings.palette)
    try writer.checkOverlay(at: job.overlay)
    settings.plan?.colorRange.check(image.image, image.notes)
    let scored = try network.scorer.scores(of: image, isQuiet: settings.isQuiet)
    stopwatch += scored.loaded.times
    let (scene, energies) = (scored.loaded.scene, scored.loaded.energies)
    let before = stopwatch.measure(.unary) {
      energies.labels(parallelism: settings.parallelism)
    }
    let after = try settings.plan.map {
      try $0.labels(refining: energies, on: scene, at: job.image, stopwatch: &stopwatch)
    }
    let labels = after ?? before
    try stopwatch.measure(.write) {
      try Interruption.whileWriting {
        if let path = job.scores { try NPY.write(scores: scored.logits, to: path) }
        try writer.write(labels, to: job.labels)
        try writer.writeOverlay(of: labels, to: job.overlay)
      }
    }
    return Outcome(
      job: job, grid: scene.grid, orientation: image.notes.orientation, counts: counts(of: labels),
      changedShare: after.map { Double($0.count(unlike: before)) / Double(scene.grid.count) },
      stopwatch: stopwatch)
  }

  private func counts(of labels: LabelMap) -> [Int] {
    var counts = [Int](repeating: 0, count: network.classCount)
    for label in labels.labels { counts[Int(label)] += 1 }
    return counts
  }
}
