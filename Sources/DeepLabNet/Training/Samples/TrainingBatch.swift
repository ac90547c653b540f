/// What one step learns from.
public struct TrainingBatch: Sendable {
  /// batch × height × width × 3, preprocessed as the network wants it.
  public let images: Tensor
  /// One per pixel of all images, in the images' order: classes, and the label that the loss
  /// ignores.
  public let labels: [UInt16]

  /// - Parameters:
  ///   - images: batch × height × width × 3, preprocessed.
  ///   - labels: one per pixel of all images.
  public init(images: Tensor, labels: [UInt16]) {
    precondition(
      labels.count == images.shape.positions, "\(labels.count) labels for images of \(images.shape)"
    )
    self.images = images
    self.labels = labels
  }
}
