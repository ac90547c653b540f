/// What one step learns from.
public struct TrainingBatch: Sendable {
  /// batch × height × width × 3, preprocessed as the network wants it.
  public let images: Tensor
  /// One per pixel of all images, in the images' order: classes, and the label that the loss
  /// ignores.
  public let labels: [UInt16]
  /// Images of the batch that other processes see before these, where processes share it.
  public let firstImage: Int

  /// - Parameters:
  ///   - images: batch × height × width × 3, preprocessed.
  ///   - labels: one per pixel of all images.
  ///   - firstImage: images of the batch that other processes see before these.
  public init(images: Tensor, labels: [UInt16], firstImage: Int = 0) {
    precondition(
      labels.count == images.shape.positions, "\(labels.count) labels for images of \(images.shape)"
    )
    self.images = images
    self.labels = labels
    self.firstImage = firstImage
  }
}
