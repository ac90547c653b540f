import MeanField
import Support
import Unaries

/// Writes the outputs of a job, when all of them are known.
struct OutputWriter {
  let job: Job
  let image: Image?
  let palette: Palette

  func write(_ marginals: Marginals, labels: LabelMap, before: LabelMap) throws {
    if let path = job.labels { try LabelFile.write(labels, palette: palette, to: path) }
    if let path = job.marginals {
      try NPY.write(marginals.values, over: marginals.grid, to: path)
    }
    try writeOverlay(of: labels, to: job.overlay)
    try writeOverlay(of: before, to: job.overlayBefore)
  }

  private func writeOverlay(of labels: LabelMap, to path: String?) throws {
    guard let path, let image else { return }
    try PNG.write(Overlay().picture(of: labels, over: image, palette: palette), to: path)
  }
}
